/**
 * Safety measures, each with a fault in which it alone stands between a broken machine and a broken promise. Switched off,
 * the play must turn red, and for the reason given: that is what its green is worth. Nothing in the product knows of it:
 * the text of a file is changed while a process loads it (preload.mjs).
 */
import { endDuringRescue, lastSlot, lateFlush, slowCommit } from './scheduler-scripts.ts';
import { deliveredTwice, erasedBroker, frozenWorker, heardAndDied, lateFinish, type Script } from './worker-scripts.ts';

export interface Edit {
  /** Below the project's folder. */
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replace: string;
}

export interface Off {
  /** In words. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Changes to the database. */
  readonly sql?: string;
}

export interface Measure extends Off {
  readonly name: string;
  /** Another measure that catches the same mistake: with it, nothing is to be seen; both must be off. */
  readonly cover?: Off;
  readonly script: Script;
  readonly schedulers: number;
  readonly workers: number;
  /** The check that must be broken. BELL: that tasks are rung for, as the script itself saw. */
  readonly broken: string;
}

const RE_RING: Off = {
  what: 'what nobody claimed is never rung again, nor found by idle workers',
  edits: [
    { file: 'scheduler/engine/sweep.ts', find: 'await ringAgain(deps, engine, inbox.takeBrokerNotice());', replace: 'void ringAgain;' },
    {
      file: 'worker/consumer-watchdog.ts',
      find: 'if (intake.quietMs < quietMs) {',
      replace: 'if (intake.quietMs < Number.POSITIVE_INFINITY) {',
    },
  ],
};
const TRANSITIONS_GUARD = 'drop trigger guard_task_instance_state on task_instance;';

export const MEASURES: readonly Measure[] = [
  {
    name: 'lease-epoch',
    what: 'the end of an attempt is written without asking whether the lease is still its own',
    edits: [
      {
        file: 'platform/db/queries/finish-attempts.ts',
        find: ` and ti.lease_epoch = f.lease_epoch and ti.lease_owner = \${at.named('workerId', 'text')}`,
        replace: '',
      },
    ],
    script: lateFinish,
    schedulers: 1,
    workers: 2,
    broken: 'INV-05',
  },
  {
    name: 'publish-after-commit',
    what: 'workers are rung before the state they are rung for is committed',
    edits: [
      {
        file: 'scheduler/engine/engine.ts',
        find: 'const flushed = await flushScheduling(this.#deps.db, built);',
        replace: `this.bell.ring(ringingOf(flush.queued, new Map(flush.queued.map(({ instance }) => [instance.id, instance.tryNumber]))), this.nowMs());
    const flushed = await flushScheduling(this.#deps.db, built);`,
      },
      { file: 'scheduler/engine/engine.ts', find: 'this.bell.ring(ringingOf(rung, flushed.moved), this.nowMs());', replace: '' },
    ],
    script: slowCommit,
    schedulers: 1,
    workers: 1,
    broken: 'BELL',
  },
  {
    name: 'claim',
    what: 'a worker claims whatever it is rung for, without asking whether it still waits for a worker',
    edits: [
      {
        file: 'platform/db/queries/claim-task-instances.ts',
        find: ` and ti.state = 'queued'
     and ti.try_number = a.try_number and ti.lease_epoch = a.lease_epoch`,
        replace: '',
      },
    ],
    cover: {
      what: 'the database allows illegal transitions, and claims of what runs already',
      edits: [],
      sql: TRANSITIONS_GUARD,
    },
    script: deliveredTwice,
    schedulers: 1,
    workers: 1,
    broken: 'INV-12',
  },
  {
    name: 'claim-before-ack',
    what: 'a worker tells the broker that it has a task before it has claimed it in Postgres',
    edits: [
      {
        file: 'worker/intake.ts',
        find: `return new Promise((resolve) => {
      let left = batch.length;`,
        replace: `return new Promise((resolve) => {
      resolve();
      let left = batch.length;`,
      },
    ],
    cover: RE_RING,
    script: heardAndDied,
    schedulers: 1,
    workers: 1,
    broken: 'BELL',
  },
  {
    name: 'rescue-lock',
    what: 'a lost attempt is written off without locking its row first',
    edits: [{ file: 'platform/db/queries/rescue-expired-leases.ts', find: '\n   for update of ti skip locked', replace: '' }],
    cover: { what: 'the database allows illegal transitions', edits: [], sql: TRANSITIONS_GUARD },
    script: endDuringRescue,
    schedulers: 1,
    workers: 1,
    broken: 'INV-02',
  },
  {
    name: 'pool-lock',
    what: 'schedulers hand out the slots of a pool without locking it',
    edits: [
      {
        file: 'platform/db/queries/settle-pools.ts',
        find: "text: 'select 1 from pool where name = any($1::text[]) order by name for update'",
        replace: "text: 'select 1 from pool where name = any($1::text[]) order by name'",
      },
    ],
    script: lastSlot,
    schedulers: 2,
    workers: 0,
    broken: 'NOW-POOLS',
  },
  {
    name: 'shard-fence',
    what: 'a scheduler writes about DAGs without asking whether they are still its own',
    edits: [
      {
        file: 'platform/db/queries/flush-scheduling.ts',
        find: `on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = \${at.named('owner', 'text')} for key share of s`,
        replace: `on s.shard = f.shard and (\${at.named('owner', 'text')} is not null or f.epoch > 0) for key share of s`,
      },
    ],
    script: lateFlush,
    schedulers: 2,
    workers: 1,
    broken: 'INV-25',
  },
  {
    name: 'dead-man-switch',
    what: 'a body lives on when its worker hears nothing any more',
    edits: [
      {
        file: 'worker/task-process.ts',
        find: 'this.#watchdogPipe?.write(liveMs === null ?',
        replace: 'this.#watchdogPipe?.write(liveMs !== undefined ?',
      },
    ],
    script: frozenWorker,
    schedulers: 1,
    workers: 2,
    broken: 'INV-13',
  },
  { ...RE_RING, name: 're-ring', script: erasedBroker, schedulers: 1, workers: 1, broken: 'BELL' },
];
