// Goal: `windlass why` says why, for one task or a whole run, by the run's id alone. Method: the real bin over a real database.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, saveDag } from '../webserver/dag-fixtures.ts';

// Each command is a process of its own: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let database: TestDatabase;
const why = (...args: string[]) => windlass(['why', ...args], { environment: { DATABASE_URL: database.url } });
const trigger = (dagId: string, runId: string) =>
  windlass(['dags', 'trigger', dagId, '--run-id', runId], { environment: { DATABASE_URL: database.url } });

beforeAll(async () => {
  database = await createDatabase();
  for (const dagId of ['etl', 'other']) await saveDag(database.db, aSpec(dagId), { isPaused: dagId === 'other' });
  await trigger('etl', 'r1');
  await trigger('other', 'r2');
  await database.db.pool.query(
    `update dag_run set state = 'running', started_at = clock_timestamp() where run_id = 'r1';
     update task_instance set state = 'scheduled', reason = 'pool p is full: 1 of 1 slots are taken (big 1)' where task_id = 'extract'`,
  );
});
afterAll(() => database.drop());

test('of one task it prints sentences, as JSON too', async () => {
  const { stdout, code } = await why('r1', 'extract');
  expect(stdout).toContain('extract is scheduled:\n  Pool p is full: 1 of 1 slots are taken (big 1).\n');
  expect(code).toBe(0);
  const json = JSON.parse((await why('etl', 'r1', 'load', '--json')).stdout);
  expect(json).toMatchObject([{ dag_id: 'etl', run_id: 'r1', task_id: 'load', map_index: -1, state: 'none' }]);
  expect(json[0].why[0]).toBe('Waiting for 1 of 1 upstream task: transform.');
});

test('of a run it lists everything unfinished; what it cannot find it says with what to do', async () => {
  const { stdout } = await why('r2');
  for (const taskId of ['extract', 'transform', 'load']) expect(stdout).toMatch(new RegExp(`${taskId} .*The DAG is paused: unpause it`));
  expect((await why('r9', 'extract')).stderr).toContain('There is no run "r9". See: windlass dags list-runs DAG_ID');
  expect((await why('r1', 'extrakt')).stderr).toContain('The run r1 has no task extrakt. See: windlass why r1');
});
