// Goal: the statements that move task instances find them by an index whatever the tables looked like when their plans
// were made. Method: let each plan be made and kept while the tables are small, when reading one whole is the cheaper way,
// run it again on the same connection, and ask Postgres whether a table was read whole. By which index each table is reached
// is in plans/hot-plans.txt (UPDATE_GOLDEN=1 rewrites it), and how many rows one attempt may cost is counted.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase, type Statement } from '#platform/db/client.ts';
import { flushScheduling } from '#platform/db/queries/flush-scheduling.ts';
import { findMovedInstances, readInstances } from '#platform/db/queries/read-instances.ts';
import { renewLeases } from '#platform/db/queries/renew-leases.ts';
import { writeAttempts } from '#platform/db/queries/write-attempts.ts';
import { quietLogger } from '#platform/logger.ts';
import { planPaths } from '#test/support/plan-paths.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { beginBodies, claimTaskInstances, finishAttempts } from '#test/support/write-attempts.ts';

const ID = '00000000-0000-7000-8000-000000000000';
/** Postgres keeps a plan from the sixth execution on. */
const EXECUTIONS = 6;
const GOLDEN = fileURLToPath(new URL('plans/hot-plans.txt', import.meta.url));
/** Rows of all watched tables that are fetched to claim, begin and finish one attempt. */
const FETCHED_MAX = 16;
const PLAIN = {
  reason: null,
  error: null,
  followed: null,
  mapLengths: {},
  nextTryInMs: null,
  mapLabel: null,
  extraXcoms: [],
  callbacks: [],
};
const FINISH = { ...PLAIN, attemptId: ID, taskInstanceId: ID, leaseEpoch: 1, event: 'succeed' } as const;
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
  finishAttempts: (db) => finishAttempts(db, { workerId: 'w', finishes: [FINISH] }),
  writeAttempts: (db) =>
    writeAttempts(db, {
      workerId: 'w',
      hostname: 'h',
      leaseTtlMs: 1_000,
      claims: [{ taskInstanceId: ID, tryNumber: 2, leaseEpoch: 0, attemptId: ID }],
      starts: [{ attemptId: ID, taskInstanceId: ID, leaseEpoch: 1, pid: 1 }],
      finishes: [{ ...FINISH, valueJson: '1', bytes: 1, mapLengths: { m: 1 } }],
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
  // Whether statistics were gathered by now would be a matter of luck.
  const { rows } = await db.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of rows) await db.pool.query(`alter table "${name}" set (autovacuum_enabled = off)`);
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

it('reaches every table by the index that it always took', async () => {
  const lines: string[] = [];
  for (const [name, run] of Object.entries(HOT)) {
    const sent: Statement[] = [];
    const query = (statement: Statement, values: readonly unknown[]) => {
      sent.push(statement);
      return db.query(statement, values);
    };
    await run({ ...db, query } as Database);
    for (const { text } of sent) lines.push(`${name}`, ...(await planPaths(db, text)).map((path) => `  ${path}`));
  }
  const text = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  expect(text).toBe(existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8') : '');
});

it('fetches a handful of rows for an attempt, however many there are', async () => {
  const { rows } = await db.pool.query<{ id: string }>(
    `update task_instance set state = 'scheduled' where task_instance_id = (select task_instance_id from task_instance limit 1) returning task_instance_id as id`,
  );
  const taskInstanceId = rows[0]?.id as string;
  await db.pool.query('delete from task_attempt where task_instance_id = $1', [taskInstanceId]);
  await db.pool.query("update task_instance set state = 'queued' where task_instance_id = $1", [taskInstanceId]);
  const before = await fetched();
  const attempt = { attemptId: '00000000-0000-7000-8000-000000000001', taskInstanceId, leaseEpoch: 1 };
  const claim = { ...attempt, tryNumber: 0, leaseEpoch: 0 };
  const claimed = await claimTaskInstances(db, { workerId: 'w', hostname: 'h', leaseTtlMs: 1_000, claims: [claim] });
  const begun = await beginBodies(db, { workerId: 'w', bodies: [{ ...attempt, pid: 1 }] });
  const ended = await finishAttempts(db, { workerId: 'w', finishes: [{ ...FINISH, ...attempt }] });
  expect([claimed.length, begun.length, ended.attemptIds.size]).toEqual([1, 1, 1]);
  expect((await fetched()) - before).toBeLessThanOrEqual(FETCHED_MAX);
});

async function fetched(): Promise<number> {
  await db.pool.query('select pg_stat_force_next_flush()');
  const { rows } = await db.pool.query<{ n: number }>(
    'select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables where relname = any($1)',
    [WATCHED],
  );
  return rows[0]?.n ?? 0;
}

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
