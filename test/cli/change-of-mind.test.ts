// Goal: clearing, marking and deleting from the command line list what they touch and ask first. Method: the real bin over a real database.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '#platform/clock.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, endInstance, saveDag } from '../webserver/dag-fixtures.ts';

let database: TestDatabase;
let runId = '';
beforeAll(async () => {
  database = await createDatabase();
  await saveDag(database.db, aSpec('etl'));
});
afterAll(() => database.drop());

/** A run whose extract succeeded and whose transform failed. */
beforeEach(async () => {
  const dagRunId = newId();
  runId = `manual__${dagRunId}`;
  await createDagRuns(database.db, [
    {
      dagRunId,
      dagId: 'etl',
      runId,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: new Date(),
      conf: {},
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  await endInstance(database.db, { dagId: 'etl', runId, taskId: 'extract' }, 'success');
  await endInstance(database.db, { dagId: 'etl', runId, taskId: 'transform' }, 'failed');
  await database.db.pool.query("update dag_run set state = 'failed', started_at = now(), ended_at = now() where dag_run_id = $1", [
    dagRunId,
  ]);
});

const run = (...args: string[]) => windlass(args, { environment: { DATABASE_URL: database.url } });
const states = async () => {
  const { rows } = await database.db.pool.query(
    'select task_id, ti.state from task_instance ti join dag_run r using (dag_run_id) where run_id = $1',
    [runId],
  );
  return Object.fromEntries(rows.map((row) => [row.task_id, row.state]));
};

test('a clear lists what it would clear, does nothing unasked, and does it when told to', async () => {
  const dry = await run('tasks', 'clear', 'etl', '--run-id', runId, '--only-failed', '--dry-run', '--json');
  expect(JSON.parse(dry.stdout)).toEqual([
    { dag_id: 'etl', run_id: runId, task_id: 'transform', map_index: -1, state: 'failed', try_number: 1 },
  ]);
  expect(dry.stderr).toContain('1 task instance of 1 run would be cleared. Nothing was done.');
  const unasked = await run('tasks', 'clear', 'etl', '--run-id', runId, '--task-regex', '^ex', '--downstream');
  expect([unasked.code, unasked.stderr]).toEqual([
    1,
    expect.stringMatching(/Clear 3 task instances of 1 run of etl\? Nothing was done\. Say --yes/),
  ]);
  expect(await states()).toEqual({ extract: 'success', transform: 'failed', load: 'none' });
  const done = await run('tasks', 'clear', 'etl', '--run-id', runId, '--task-id', 'transform', '--downstream', '--yes');
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('2 task instances of 1 run cleared.')]);
  expect(await states()).toEqual({ extract: 'success', transform: 'none', load: 'none' });
}, 60_000);

test('a mark of tasks and of a run', async () => {
  const marked = await run('tasks', 'mark', 'etl', runId, 'load', '--state', 'skipped', '--yes', '--note', 'late');
  expect([marked.code, marked.stderr]).toEqual([0, expect.stringContaining('1 task instance of 1 run marked skipped.')]);
  expect((await states()).load).toBe('skipped');
  const again = await run('tasks', 'mark', 'etl', runId, 'load', '--state', 'skipped', '--yes');
  expect(again.stderr).toContain('Nothing to mark: all of it is skipped already.');
  expect((await run('dags', 'mark', 'etl', runId, 'success', '--yes')).stderr).toContain(`The run ${runId} is success now.`);
  expect(await states()).toEqual({ extract: 'success', transform: 'success', load: 'success' });
}, 60_000);

test.each([
  [['tasks', 'clear', 'etl'], /Which runs\? Name them by --run-id/],
  [['tasks', 'clear', 'elt', '--run-id', 'x'], /There is no DAG "elt". Did you mean etl\?/],
  [['tasks', 'clear', 'etl', '--run-id', 'x', '--past', '--start-date', '2026-01-01'], /by --run-id or by date, not both/],
  [['tasks', 'mark', 'etl', 'x', 'load', '--state', 'succes'], /Allowed choices are success, failed, skipped/],
])('%j is refused in words', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect([code === 0, stderr]).toEqual([false, expect.stringMatching(message)]);
});

test('a file is parsed again on demand, and a DAG is forgotten', async () => {
  expect((await run('dags', 'reserialize', 'etl')).stderr).toContain('The DAG processor parses 1 file again');
  expect((await database.db.pool.query('select file_path from parse_request')).rows).toEqual([{ file_path: 'etl.ts' }]);
  expect((await run('dags', 'delete', 'etl', '--run-id', runId, '--yes')).stderr).toContain('Deleted 1 of the runs of etl.');
  expect(await states()).toEqual({});
  expect((await run('dags', 'delete', 'etl', '--yes')).stderr).toContain('Deleted etl with all its runs and versions.');
  expect(JSON.parse((await run('dags', 'list', '--json')).stdout)).toEqual([]);
}, 60_000);
