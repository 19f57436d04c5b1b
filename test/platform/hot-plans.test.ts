// Goal: the statements that move task instances find them by an index whatever the tables looked like when their plans
// were made. Method: let each plan be made and kept while the tables are small, when reading one whole is the cheaper way,
// run it again on the same connection, and ask Postgres whether a table was read whole.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { beginBodies } from '#platform/db/queries/begin-bodies.ts';
import { claimTaskInstances } from '#platform/db/queries/claim-task-instances.ts';
import { finishAttempts } from '#platform/db/queries/finish-attempts.ts';
import { flushScheduling } from '#platform/db/queries/flush-scheduling.ts';
import { findMovedInstances, readInstances } from '#platform/db/queries/read-instances.ts';
import { renewLeases } from '#platform/db/queries/renew-leases.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';

const ID = '00000000-0000-7000-8000-000000000000';
/** Postgres keeps a plan from the sixth execution on. */
const EXECUTIONS = 6;
const WATCHED = ['task_instance', 'task_attempt', 'task_instance_event', 'dag_run', 'dag_version', 'xcom'];

const HOT: Readonly<Record<string, (db: Database) => Promise<unknown>>> = {
  claimTaskInstances: (db) =>
    claimTaskInstances(db, {
      workerId: 'w',
      hostname: 'h',
      leaseTtlMs: 1_000,
      claims: [{ taskInstanceId: ID, tryNumber: 1, leaseEpoch: 0, attemptId: ID }],
    }),
  beginBodies: (db) =>
    beginBodies(db, {
      workerId: 'w',
      bodies: [{ attemptId: ID, taskInstanceId: ID, leaseEpoch: 1, pid: 1, dagRunId: ID, mapIndex: -1, reads: [], item: null } as never],
    }),
  finishAttempts: (db) =>
    finishAttempts(db, {
      workerId: 'w',
      finishes: [
        {
          attemptId: ID,
          taskInstanceId: ID,
          leaseEpoch: 1,
          event: 'succeed',
          reason: null,
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: null,
          mapLabel: null,
          extraXcoms: [],
          callbacks: [],
        },
      ],
    }),
  flushScheduling: (db) =>
    flushScheduling(db, {
      owner: 's',
      fence: [{ shard: 0, epoch: 0 }],
      instances: [{ id: ID, shard: 0, from: 'none', leaseEpoch: 0, to: 'scheduled', tryDelta: 1, reason: null, events: [] }],
      runs: [{ dagRunId: ID, shard: 0, from: 'queued', to: 'running', reason: null, revision: 0 }],
      callbacks: [],
      notes: [{ id: ID, shard: 0, reason: 'why' }],
      waiters: [],
    }),
  renewLeases: (db) =>
    renewLeases(db, { workerId: 'w', leaseTtlMs: 1_000, leases: [{ taskInstanceId: ID, leaseEpoch: 1, progress: null }] }),
  readInstances: (db) => readInstances(db, [ID]),
  findMovedInstances: (db) => findMovedInstances(db, [{ id: ID, state: 'queued', leaseEpoch: 0 }]),
};

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createDatabase();
  db = openDatabase({ url: database.url, applicationName: 'test', logger: quietLogger(), maxConnections: 1, neverScans: true });
  await fill(100);
  for (const statement of Object.values(HOT)) for (let time = 0; time < EXECUTIONS; time++) await statement(db);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

it.each(Object.keys(HOT))('%s reads no table whole with a plan made while all were small', async (name) => {
  const before = await scans();
  await HOT[name]?.(db);
  expect(await scans()).toEqual(before);
});

/** Sequential scans so far, by table. */
async function scans(): Promise<Readonly<Record<string, number>>> {
  await db.pool.query('select pg_stat_force_next_flush()');
  const { rows } = await db.pool.query<{ name: string; scans: number }>(
    `select relname as name, seq_scan::int as scans from pg_stat_user_tables where relname = any($1)`,
    [WATCHED],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.scans]));
}

/** One run with so many instances and attempts. */
async function fill(instances: number): Promise<void> {
  await db.pool.query(`
    insert into dag_bundle (hash, code) values ('b', '');
    insert into dag (dag_id, file_path, is_paused, shard) values ('d', 'd.ts', false, 0);
    insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
      values ('${ID}', 'd', 1, 'c', 'b', '{}', '', 'd.ts');
    insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
      values ('${ID}', 'd', 'r', 'manual', 'running', '${ID}', 0, now(), 'test');
    insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
      select new_id(), '${ID}', 't' || n, 'task', 'default', 'default_pool', 1, 1 from generate_series(1, ${instances}) as n;
    insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname)
      select new_id(), task_instance_id, 1, 0, 1, 'w', 'h' from task_instance`);
}
