// Goal: a backfill is planned, started, watched and ended from the command line. Method: the real bin over a real database.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, saveDag } from '../webserver/dag-fixtures.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const schedule = { kind: 'cron', expression: '0 6 * * *', timezone: 'Europe/Berlin' } as const;
  await saveDag(database.db, aSpec('etl', { schedule }), { isPaused: true });
});
afterAll(() => database.drop());

const backfill = (...args: string[]) => windlass(['backfill', ...args], { environment: { DATABASE_URL: database.url } });
const RANGE = ['--dag-id', 'etl', '--from-date', '2026-03-28', '--to-date', '2026-03-30'];

test('a dry run prints each date and what would be done, and does nothing', async () => {
  const { code, stdout, stderr } = await backfill('create', ...RANGE, '--dry-run', '--run-backwards', '--json');
  expect(stderr).toContain('2 of 2 dates would run. Nothing was done.');
  expect(JSON.parse(stdout)).toEqual([
    {
      logical_date: '2026-03-29T04:00:00.000Z',
      data_interval_start: '2026-03-28T05:00:00.000Z',
      data_interval_end: '2026-03-29T04:00:00.000Z',
      action: 'create',
      reason: null,
    },
    expect.objectContaining({ logical_date: '2026-03-28T05:00:00.000Z', action: 'create' }),
  ]);
  expect(code).toBe(0);
  expect(JSON.parse((await backfill('list', '--json')).stdout)).toEqual([]);
});

test('it is created, listed, paused, widened and cancelled', async () => {
  const made = await backfill('create', ...RANGE, '--max-active-runs', '2', '--dag-run-conf', '{"full":true}', '--json');
  expect(made.stderr).toContain('etl is paused: no run starts until you run: windlass dags unpause etl');
  const { id } = JSON.parse(made.stdout) as { id: number };
  expect(JSON.parse(made.stdout)).toMatchObject({
    dag_id: 'etl',
    state: 'running',
    runs: 2,
    max_active_runs: 2,
    dag_run_conf: { full: true },
  });
  expect((await backfill('create', ...RANGE)).stderr).toMatch(/CONFLICT: There is already a running backfill for dag etl/);
  expect((await backfill('pause', String(id))).stderr).toContain(`The backfill ${id} of etl is paused now.`);
  await backfill('set-max-active-runs', String(id), '5');
  expect(JSON.parse((await backfill('list', '--dag-id', 'etl', '--active', '--json')).stdout)).toMatchObject([
    { id, state: 'paused', max_active_runs: 5 },
  ]);
  expect((await backfill('cancel', String(id))).code).toBe(0);
  const again = await backfill('unpause', String(id));
  expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/CONFLICT: The backfill \d+ of etl is completed already/)]);
}, 60_000);

test.each([
  [['create', '--dag-id', 'etl'], /required option '--from-date <instant>' not specified/],
  [['create', ...RANGE, '--reprocess-behavior', 'all'], /--reprocess-behavior must be one of none, failed, completed, but is "all"/],
  [['create', ...RANGE.with(1, 'elt')], /There is no DAG "elt". Did you mean etl\?/],
  [['create', ...RANGE.with(3, '2026-04-01')], /from_date 2026-04-01.* lies after to_date/],
  [['cancel', '99'], /There is no backfill 99. See: windlass backfill list/],
])('windlass backfill %j is refused with the next step', async (args, message) => {
  const { code, stdout, stderr } = await backfill(...args);
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)]);
});
