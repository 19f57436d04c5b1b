/**
 * Safety measures that are switched off on purpose, to see that a chaos run turns red: that is what its green is worth.
 * Nothing in the product knows of it: the text of a file is changed while a process loads it (preload.mjs).
 */
import type { FaultKind } from '../nemesis/schedule.ts';

export interface Edit {
  /** Below the project's folder. */
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replace: string;
}

export interface Sabotage {
  readonly name: string;
  /** What is switched off, in words. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Guards of the database that would refuse the same mistake: they are taken away too. */
  readonly sql?: string;
  readonly kinds: readonly FaultKind[];
  readonly members?: readonly string[];
  readonly gapMs: readonly [number, number];
  readonly link?: 'postgres' | 'redis';
  readonly forMs?: readonly [number, number];
  readonly dags?: number;
  readonly bodiesMs?: readonly number[];
  readonly openRuns?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly durationMs: number;
  /** Any of these must be broken. */
  readonly noticedBy: readonly string[];
  readonly seed: number;
}

const WORKERS = ['worker-1', 'worker-2'];
const SCHEDULERS = ['scheduler-1', 'scheduler-2'];

/** Slow, and with room for every task: what is late then was not heard of. */
const CALM = {
  kinds: ['slow'],
  members: SCHEDULERS,
  link: 'postgres',
  gapMs: [300, 600],
  dags: 4,
  openRuns: 3,
  environment: { WINDLASS_WORKER_SLOTS: '16' },
  durationMs: 20_000,
  seed: 1,
} as const;

/** Nothing switched off: must be green. */
export const CONTROL: Sabotage = { ...CALM, name: 'nothing', what: 'everything is as it should be', edits: [], noticedBy: [] };

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'lease-epoch',
    what: 'the end of an attempt is written without asking whether the lease is still its own',
    edits: [
      {
        file: 'platform/db/queries/finish-attempts.ts',
        find: ` and ti.lease_epoch = f.lease_epoch and ti.lease_owner = \${worker}`,
        replace: '',
      },
    ],
    kinds: ['hold_requests'],
    members: WORKERS,
    link: 'postgres',
    forMs: [5_500, 8_000],
    gapMs: [800, 1_500],
    durationMs: 60_000,
    noticedBy: ['INV-02', 'INV-04', 'INV-05', 'INV-06', 'INV-11', 'NOW-ATTEMPTS'],
    seed: 1,
  },
  {
    name: 'publish-before-commit',
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
    ...CALM,
    noticedBy: ['CALM'],
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
    sql: 'drop trigger guard_task_instance_state on task_instance; drop index task_attempt_one_live; drop index task_attempt_one_winner',
    kinds: ['hold', 'freeze', 'cut'],
    members: WORKERS,
    gapMs: [500, 1_500],
    durationMs: 40_000,
    noticedBy: ['INV-02', 'INV-06', 'INV-12', 'INV-13', 'NOW-ATTEMPTS'],
    seed: 1,
  },
  {
    name: 'rescue-lock',
    what: 'a lost attempt is written off without locking its row first',
    edits: [{ file: 'platform/db/queries/rescue-expired-leases.ts', find: '\n   for update of ti skip locked', replace: '' }],
    sql: 'drop trigger guard_task_instance_state on task_instance',
    kinds: ['lock_instances'],
    gapMs: [300, 600],
    durationMs: 60_000,
    noticedBy: ['INV-02', 'INV-05', 'INV-06'],
    seed: 1,
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
    kinds: ['slow'],
    members: SCHEDULERS,
    link: 'postgres',
    gapMs: [300, 600],
    dags: 14,
    openRuns: 8,
    durationMs: 60_000,
    noticedBy: ['INV-09', 'NOW-POOLS'],
    seed: 1,
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
    kinds: ['hold_requests', 'freeze'],
    members: SCHEDULERS,
    gapMs: [800, 2_000],
    durationMs: 60_000,
    noticedBy: ['INV-25'],
    seed: 1,
  },
  {
    name: 'dead-man-switch',
    what: 'a body lives on when its worker hears nothing any more',
    edits: [
      { file: 'worker/supervisor/attempt.ts', find: 'process.allow(keeper.liveMs(this));', replace: 'process.allow(null);' },
      { file: 'worker/supervisor/attempt.ts', find: 'this.#process?.allow(liveMs);', replace: 'void liveMs;' },
    ],
    kinds: ['freeze'],
    members: WORKERS,
    forMs: [9_000, 12_000],
    bodiesMs: [9_000],
    gapMs: [800, 1_500],
    durationMs: 60_000,
    noticedBy: ['INV-13'],
    seed: 1,
  },
  {
    name: 're-ring',
    what: 'a task whose ring was lost is never rung again, nor found by idle workers',
    edits: [
      { file: 'scheduler/engine/sweep.ts', find: 'await ringAgain(deps, engine, inbox.takeBrokerNotice());', replace: 'void ringAgain;' },
      {
        file: 'worker/consumer-watchdog.ts',
        find: 'if (intake.quietMs < quietMs) {',
        replace: 'if (intake.quietMs < Number.POSITIVE_INFINITY) {',
      },
    ],
    kinds: ['flush_redis', 'restart_redis'],
    gapMs: [400, 900],
    durationMs: 20_000,
    noticedBy: ['L1'],
    seed: 1,
  },
];
