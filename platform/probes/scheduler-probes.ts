/** Probes of the scheduler: runs are made, tasks queued and rung, runs ended, lost attempts rescued, files parsed. */
import type { Probe } from './probe-table.ts';

const here = <Room extends string>(room: Room, done: string, lacks: string, outcome: string) =>
  ({ process: 'scheduler', room, done, lacks, outcome }) as const satisfies Probe;

const ONE_RUN = 'The run exists exactly once, and ends.';
const GOES_ON = 'Another scheduler, or the next pass, decides the same from the rows; nothing is queued twice.';
const RUNG_AGAIN = 'The instances stay queued and are rung again; a second ring claims nothing.';
const ALL_OR_NOTHING = 'The transaction is wholly there or not at all, and its locks go with the connection.';
const TOLD_LATER = 'What was committed holds; whoever was not told finds it in the rows.';
const LAST_GOOD = 'The last good version of the DAG stays, and the file is parsed again.';

export const SCHEDULER_PROBES = {
  'createDagRuns.before_tx': here('scheduler/engine', 'nothing', 'the runs whose time came', ONE_RUN),
  'createDagRuns.after_commit': here('scheduler/engine', 'the runs are in Postgres', 'the next date of their DAGs', ONE_RUN),
  'createDagRuns.after_next_run': here('scheduler/engine', 'runs and next dates are in Postgres', 'the runs in memory', ONE_RUN),

  'scheduleTaskInstances.after_read': here('scheduler/engine', 'nothing', 'all that follows from what was read', GOES_ON),
  'scheduleTaskInstances.before_commit': here('platform/db', 'slots of pools may be reserved', 'the states of this pass', GOES_ON),
  'scheduleTaskInstances.after_commit': here('platform/db', 'the states of this pass', 'the ring of the workers', RUNG_AGAIN),
  'expandMapped.after_commit': here('scheduler/engine', 'the instances of a mapped task', 'the same in memory', GOES_ON),

  'enqueue.before_pool_lock': here('platform/db', 'a transaction is open', 'the locks of the pools', ALL_OR_NOTHING),
  'enqueue.after_pool_lock': here('platform/db', 'the pools are locked', 'the slots it asks for', ALL_OR_NOTHING),
  'enqueue.before_commit': here('platform/db', 'slots are written', 'their commit', ALL_OR_NOTHING),
  'enqueue.after_commit': here(
    'platform/db',
    'slots are reserved',
    'the instances that take them',
    'Reserved slots come back with the shard; no pool is over its limit or starved.',
  ),

  'publish.before_add': here('scheduler/engine', 'instances are queued in Postgres', 'their ids in the broker', RUNG_AGAIN),
  'publish.after_add': here('platform/broker', 'ids are in the broker', 'the next batch, and the answer', RUNG_AGAIN),

  'rescue.after_select': here(
    'scheduler',
    'expired leases were read',
    'their end',
    'Each lost attempt is ended once, by whichever scheduler.',
  ),
  'rescue.after_commit': here('scheduler', 'lost attempts are ended in Postgres', 'the news of it', TOLD_LATER),

  'finishDagRun.before_commit': here('scheduler/engine', 'the end of a run is decided', 'the end in Postgres', GOES_ON),
  'finishDagRun.after_commit': here('scheduler/engine', 'the run has ended, its callbacks are requested', 'the news of it', TOLD_LATER),
  'stopRun.after_lock': here('platform/db', 'the instances of a run are locked', 'their end', ALL_OR_NOTHING),
  'stopRun.before_commit': here('platform/db', 'all of a run is ended', 'the commit', ALL_OR_NOTHING),
  'stopRun.after_commit': here('platform/db', 'the run is stopped', 'the news to workers and in memory', TOLD_LATER),
  'deadlines.after_commit': here(
    'scheduler/engine',
    'a deadline is settled, its callback requested',
    'the news of it',
    'The callback is called; the deadline is missed once.',
  ),

  'assetRuns.before_consume': here('scheduler/engine', 'runs are written', 'their events, and the commit', ALL_OR_NOTHING),
  'assetRuns.before_commit': here('scheduler/engine', 'runs and their events are written', 'the commit', ALL_OR_NOTHING),
  'assetRuns.after_commit': here(
    'scheduler/engine',
    'runs are there, their events consumed',
    'the runs in memory',
    'Each event makes one run, which ends.',
  ),
  'backfill.before_settle': here('scheduler/engine', 'runs of a backfill are written', 'its plan, and the commit', ALL_OR_NOTHING),
  'backfill.after_commit': here(
    'scheduler/engine',
    'runs are there, the plan says so',
    'the runs in memory',
    'Every date of the plan has one run, which ends.',
  ),
  'backfill.after_complete': here('scheduler/engine', 'the backfill is complete', 'the news of it', TOLD_LATER),

  'leadership.before_renew': here(
    'scheduler',
    'nothing',
    'longer leases of its shards',
    'Another takes the shards over; what the old one still writes is fenced off.',
  ),
  'leadership.renewed': here(
    'scheduler',
    'leases of shards are written',
    'what it now believes',
    'A shard that was taken and is not known to be is given to another when its lease ends.',
  ),
  'leadership.acquired': here(
    'scheduler',
    'new shards are its own',
    'their runs in memory',
    'Another takes the shards over when the lease ends.',
  ),
  'leadership.loaded': here('scheduler', 'the runs of new shards are in memory', 'a first pass over them', GOES_ON),
  'leadership.resigning': here(
    'scheduler',
    'its loops have stopped',
    'the shards for others',
    'Others take the shards when their leases end.',
  ),

  'dagProcessor.spawned': here('scheduler/dag-processor', 'a bundle is made', 'its import', LAST_GOOD),
  'dagProcessor.imported': here('scheduler/dag-processor', 'the file is imported', 'the check of its DAGs', LAST_GOOD),
  'dagProcessor.before_save': here('scheduler/dag-processor', 'nothing in Postgres', 'version, bundle and DAG', LAST_GOOD),
  'dagProcessor.before_commit': here('scheduler/dag-processor', 'version, bundle and DAG are written', 'the commit', ALL_OR_NOTHING),
  'dagProcessor.together_before_commit': here('scheduler/dag-processor', 'many files are written', 'the commit', ALL_OR_NOTHING),
  'dagProcessor.after_save': here('scheduler/dag-processor', 'the version is in Postgres', 'the news of it', TOLD_LATER),
} as const;
