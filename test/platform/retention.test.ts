// Goal: retention deletes what is old with all that hangs on it, says so truly beforehand, and touches nothing else.
// Method: runs of several ages and kinds in a real database, with log folders; then `clean`, and what is left.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { clean, countOld } from '#platform/retention/clean.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { windlass } from '#test/support/windlass-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { logsFolder } = testConfig();
const BEFORE = new Date('2026-06-01T00:00:00Z');
const OLD = '2026-01-01T00:00:00Z';
let database: TestDatabase | undefined;

const sql = async <Row>(text: string, values: unknown[] = []) =>
  (await (database as TestDatabase).db.pool.query(text, values)).rows as Row[];
const runIds = async () => (await sql<{ run_id: string }>('select run_id from dag_run order by run_id')).map((row) => row.run_id);
const retention = () => ({ db: (database as TestDatabase).db, before: () => BEFORE, logsFolder });
const logOf = (runId: string) => join(logsFolder, 'dag_id=d', `run_id=${runId}`);

interface RunChange {
  readonly state?: string;
  readonly at?: string;
  readonly instances?: number;
  readonly type?: string;
}

/** A run with instances that succeeded, each with its attempt, history, result and the rest, and a log. */
async function addRun(runId: string, { state = 'success', at = OLD, instances = 2, type = 'manual' }: RunChange = {}): Promise<void> {
  const isOpen = state === 'running';
  await sql(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, queued_at, started_at, ended_at)
     select new_id(), 'd', $1, $2, $3, version_id, 0, $4, 'test', $4, $4, case when $5 then null else $4::timestamptz end from dag`,
    [runId, type, state, at, isOpen],
  );
  await sql(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, state, operator, queue, pool, pool_slots, priority_weight, lease_epoch)
     select new_id(), dag_run_id, 't', n, 'success', 'task', 'default', 'default_pool', 1, 1, 1 from dag_run, generate_series(0, $2 - 1) as n where run_id = $1`,
    [runId, instances],
  );
  const of = 'from task_instance ti join dag_run r using (dag_run_id) where r.run_id = $1';
  for (const text of [
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, outcome, claimed_at, ended_at)
       select task_instance_id, task_instance_id, 1, 0, 1, 'w', 'h', 'success', run_after, run_after ${of}`,
    `insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor)
       select task_instance_id, e.event, e.f, e.t, 1, e.epoch, 'test' from (select ti.task_instance_id ${of}) i,
         (values (1, 'schedule', 'none', 'scheduled', 0), (2, 'enqueue', 'scheduled', 'queued', 0), (3, 'start', 'queued', 'running', 1), (4, 'succeed', 'running', 'success', 1)) e(n, event, f, t, epoch) order by e.n`,
    `insert into xcom (task_instance_id, key, attempt_id, value, bytes) select task_instance_id, 'return_value', task_instance_id, '1', 1 ${of}`,
    `insert into rendered_field (task_instance_id, fields) select task_instance_id, '{}' ${of}`,
    `insert into task_state (task_instance_id, key, value, bytes) select task_instance_id, 'k', '1', 1 ${of}`,
    `insert into task_map (dag_run_id, scope_id, length) select dag_run_id, 's', 2 from dag_run where run_id = $1`,
    `insert into deadline (dag_run_id, slot, name, due_at, callbacks) select dag_run_id, 0, 'late', run_after, '{}' from dag_run where run_id = $1`,
    `insert into callback_request (dag_run_id, deadline_id, kind, position, name, reason, state, ended_at)
       select dag_run_id, deadline_id, 'on_deadline', 0, 'mail', 'deadline_missed', 'success', now() from deadline join dag_run using (dag_run_id) where run_id = $1`,
    `insert into callback_request (dag_run_id, task_instance_id, kind, position, name, reason, state, ended_at)
       select dag_run_id, task_instance_id, 'on_success', 0, 'mail', 'success', 'success', now() ${of}`,
  ])
    await sql(text, [runId]);
  mkdirSync(join(logOf(runId), 'task_id=t'), { recursive: true });
  writeFileSync(join(logOf(runId), 'task_id=t', 'attempt=1.log'), 'line\n');
}

beforeEach(async () => {
  await database?.drop();
  database = await createDatabase();
  await sql(`insert into dag_bundle (hash, code) values ('none', '')`);
  await sql(`insert into dag (dag_id, file_path, is_paused, shard) values ('d', 'd.ts', false, 0)`);
  await sql(`insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
             values (new_id(), 'd', 1, 'h', 'none', '{"tasks": []}', '', 'd.ts')`);
  await sql('update dag set version_id = (select version_id from dag_version)');
});
afterAll(() => database?.drop());

describe('retention', () => {
  it('deletes old ended runs with rows and logs, in batches, and keeps open, recent and newest ones', async () => {
    await addRun('thousands', { instances: 2_500 });
    await addRun('failed', { state: 'failed', at: '2026-01-02T00:00:00Z' });
    await addRun('open', { state: 'running', at: '2026-01-03T00:00:00Z' });
    await addRun('recent', { at: '2026-07-01T00:00:00Z' });
    await addRun('only_scheduled', { type: 'scheduled' });

    const said = await countOld(retention());
    expect(await runIds()).toHaveLength(5);
    const progress = vi.fn();
    const deleted = await clean({ ...retention(), progress });
    expect(deleted).toEqual(said);
    expect(deleted).toMatchObject({
      dag_run: 2,
      task_instance: 2_502,
      task_instance_event: 4 * 2_502,
      xcom: 2_502,
      deadline: 2,
      callback_request: 2_504,
    });
    expect(progress.mock.calls.length).toBeGreaterThan(1);

    expect(await runIds()).toEqual(['only_scheduled', 'open', 'recent']);
    expect(['thousands', 'failed', 'open', 'recent', 'only_scheduled'].map((runId) => existsSync(logOf(runId)))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(await sql('select count(*)::int as n from task_instance_event')).toEqual([{ n: 24 }]);
    expect(
      (await checkInvariants(retention().db, Number.MAX_SAFE_INTEGER)).flatMap((one) => (one.id.startsWith('INV') ? one.violations : [])),
    ).toEqual([]);
    expect(Object.values(await clean(retention())).every((rows) => rows === 0)).toBe(true);
  });

  it('keeps the runs of a backfill that goes on, and a run that a task may wait for', async () => {
    for (const runId of ['a', 'of_backfill', 'triggered']) await addRun(runId);
    await addRun('waits', { state: 'running' });
    await addRun('newest', { at: '2026-07-01T00:00:00Z' });
    await sql(
      `insert into backfill (dag_id, shard, from_date, to_date, reprocess_behavior, max_active_runs, triggered_by) values ('d', 0, now(), now(), 'none', 1, 'cli')`,
    );
    await sql(`update dag_run set backfill_id = (select backfill_id from backfill) where run_id = 'of_backfill'`);
    await sql(
      `update dag_run set triggering_instance_id = (select task_instance_id from task_instance join dag_run using (dag_run_id) where run_id = 'waits' limit 1) where run_id = 'triggered'`,
    );
    await clean(retention());
    expect(await runIds()).toEqual(['newest', 'of_backfill', 'triggered', 'waits']);
  });

  it('waits for nobody: a run that somebody has locked is left for the next time', async () => {
    for (const runId of ['a', 'b']) await addRun(runId);
    await addRun('newest', { at: '2026-07-01T00:00:00Z' });
    const other = await retention().db.pool.connect();
    await other.query(`begin; select 1 from dag_run where run_id = 'a' for update`);
    await clean(retention());
    await other.query('rollback');
    other.release();
    expect(await runIds()).toEqual(['a', 'newest']);
  });

  it('keeps a run whose logs cannot be removed', async () => {
    for (const runId of ['a', 'newest']) await addRun(runId, runId === 'a' ? {} : { at: '2026-07-01T00:00:00Z' });
    await expect(clean({ ...retention(), logsFolder: '\0' })).rejects.toThrow(/null bytes/);
    expect(await runIds()).toEqual(['a', 'newest']);
  });

  it('deletes what is old and hangs on no run, and keeps the newest event of an asset', async () => {
    await sql(`insert into audit_log (actor, action, at) values ('u', 'old', '${OLD}'), ('u', 'new', now())`);
    await sql(
      `insert into service (service_id, kind, hostname, pid, version, last_heartbeat_at) values ('old', 'worker', 'h', 1, '1', '${OLD}'), ('new', 'worker', 'h', 1, '1', now())`,
    );
    await sql(`insert into asset (name, uri) values ('a', 'a'), ('b', 'b')`);
    await sql(`insert into asset_event (asset_id, at) select asset_id, '${OLD}' from asset, generate_series(1, 3)`);
    await sql(`insert into asset_dag_event (dag_id, event_id) select 'd', min(event_id) from asset_event`);
    await sql(`insert into plugin_event (plugin, listener, event, at) values ('gone', 'onStarting', '{}', '${OLD}')`);
    await sql(`insert into received_event (name, payload, received_at, sender) values ('e', '{}', '${OLD}', 's')`);
    const said = await countOld(retention());
    const deleted = await clean(retention());
    expect(deleted).toEqual(said);
    expect(Object.fromEntries(Object.entries(deleted).filter(([, rows]) => rows > 0))).toEqual({
      audit_log: 1,
      service: 1,
      asset_event: 3,
      plugin_event: 1,
      received_event: 1,
    });
    expect(await sql('select action from audit_log')).toEqual([{ action: 'new' }]);
  });
});

describe('windlass db clean', () => {
  const dbClean = (...args: string[]) =>
    windlass(['db', 'clean', ...args], { environment: { DATABASE_URL: retention().db.url, WINDLASS_LOGS_FOLDER: logsFolder } });

  it('needs an age, shows what it would delete, and deletes only with --yes', async () => {
    await addRun('a');
    await addRun('newest', { at: '2026-07-01T00:00:00Z' });
    expect((await dbClean()).stderr).toContain('windlass db clean --older-than 90d --dry-run');
    expect((await dbClean('--older-than', 'long')).stderr).toContain('--older-than must be a time such as 90d');
    const dry = await dbClean('--older-than', '90d', '--dry-run');
    expect(dry.stdout).toMatch(/^dag_run +\| 1$/m);
    expect(dry.stdout).toMatch(/^task_instance_event +\| 8$/m);
    expect(dry.code).toBe(0);
    const unsure = await dbClean('--older-than', '90d');
    expect(unsure.stderr).toContain('nothing was deleted. If you mean it, add --yes.');
    expect(unsure.code).toBe(1);
    expect(await runIds()).toEqual(['a', 'newest']);
    const done = await dbClean('--older-than', '90d', '--yes', '--json');
    expect(JSON.parse(done.stdout)).toContainEqual({ table: 'dag_run', rows: 1 });
    expect(await runIds()).toEqual(['newest']);
    expect(await sql(`select actor, extra -> 'deleted' ->> 'dag_run' as runs from audit_log`)).toEqual([{ actor: 'cli', runs: '1' }]);
    expect(existsSync(logOf('a'))).toBe(false);
  });
});
