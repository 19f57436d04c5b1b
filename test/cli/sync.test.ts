// Goal: how far each stream came is listed. Method: the real bin over a real database, with results as syncs return them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '#platform/clock.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, aTask, saveDag } from '../webserver/dag-fixtures.ts';

let database: TestDatabase;
const sql = (text: string, values: unknown[] = []) => database.db.pool.query(text, values);

async function returned(value: unknown, minutesAgo: number, taskId = 'orders'): Promise<void> {
  const [run, instance] = [newId(), newId()];
  await sql(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
     select $1::uuid, 'copy', $3, 'manual', 'running', version_id, shard, now() - $2 * interval '1 minute', 'test' from dag where dag_id = 'copy'`,
    [run, minutesAgo, `manual__${run}`],
  );
  await sql(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
     values ($1, $2, $3, 'task', 'default', 'default_pool', 1, 1)`,
    [instance, run, taskId],
  );
  await sql(
    `insert into xcom (task_instance_id, key, attempt_id, value, bytes, created_at) values ($1, 'return_value', $2, $3, 10, now() - $4 * interval '1 minute')`,
    [instance, newId(), JSON.stringify(value), minutesAgo],
  );
}

beforeAll(async () => {
  database = await createDatabase();
  await saveDag(database.db, aSpec('copy', { tasks: [aTask('orders'), aTask('other')] }));
  await returned({ stream: 'orders', rows: 10, pages: 4, state: { after: ['2026-01-01', '10'] } }, 20);
  await returned({ stream: 'orders', rows: 2, pages: 1, removed: 1, state: { after: ['2026-01-02', '12'] } }, 5);
  await returned({ stream: 7, rows: 'many', pages: 1, state: null }, 1, 'other');
  await returned([1, 2], 1, 'other');
  await returned({ stream: 'halves', rows: 1.5, pages: 1, removed: 'all', state: null }, 1, 'other');
});
afterAll(() => database.drop());

const list = (...args: string[]) => windlass(['sync', 'list', ...args], { environment: { DATABASE_URL: database.url } });

test('each stream with its last position, and with the rows of all its runs', async () => {
  const expected = { stream: 'orders', task: 'copy.orders', rows: 2, removed: 1, rows_of_all: 12, runs: 2 };
  expect(JSON.parse((await list('--json')).stdout)).toEqual([
    { ...expected, last: expect.any(String), position: { after: ['2026-01-02', '12'] } },
    expect.objectContaining({ stream: 'halves', rows: 1, removed: null, position: null }),
  ]);
  expect((await list('--dag-id', 'another')).stderr).toMatch(/No task returned what a sync returns/);
}, 60_000);
