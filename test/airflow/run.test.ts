// Goal: files written for Airflow's TypeScript SDK run unchanged. Method: the real files, bundled and imported in the
// cage as the DAG processor does it, run on a real worker; and `windlass dags test` over the same files.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerApproval } from '#platform/approvals/answer-approval.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { findApproval } from '#platform/db/queries/approvals/find-approval.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { startTriggerer } from '../../triggerer/main.ts';
import { startWorker } from '../../worker/main.ts';
import { until } from '../support/until.ts';
import { windlass } from '../support/windlass-process.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FOLDER = fileURLToPath(new URL('./dags', import.meta.url));
let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
  const config = testConfig({ dagsFolder: FOLDER, dagsArePausedAtCreation: false });
  const deps = { config, db: database.db, broker, clock: systemClock, logger: quietLogger() };
  const scheduler = await startScheduler(deps);
  const worker = await startWorker(deps);
  const triggerer = await startTriggerer(deps);
  stops.push(
    () => scheduler.stop(),
    () => worker.stop(),
    () => triggerer.stop(),
  );
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await testBroker.stop();
  await database.drop();
});

async function answer(taskId: string, chosen: readonly string[], form: Record<string, unknown> = {}): Promise<void> {
  const asked = await until(
    async () => {
      const found = await rows<{ id: string }>(
        `select q.approval_id as id from approval_request q join task_instance ti using (task_instance_id) where ti.task_id = $1`,
        [taskId],
      );
      return found[0] && (await findApproval(database.db, found[0].id));
    },
    { what: `${taskId} asks`, deadlineMs: 60_000 },
  );
  await answerApproval(database.db, asked, { chosen, form, by: 'op' });
}

async function run(dagId: string): Promise<Readonly<Record<string, { state: string; value: unknown }>>> {
  const dagRunId = newId();
  const now = new Date();
  await until(async () => (await rows('select 1 from dag where dag_id = $1 and version_id is not null', [dagId])).length === 1, {
    what: `${dagId} was read`,
    deadlineMs: 60_000,
  });
  await createDagRuns(database.db, [
    {
      dagRunId,
      dagId,
      runId: `manual__${dagRunId}`,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: now,
      conf: {},
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  broker.ring('runs_changed', { dagIds: [dagId] });
  await until(async () => (await rows('select 1 from dag_run where dag_run_id = $1 and ended_at is not null', [dagRunId])).length === 1, {
    what: `the run of ${dagId} ends`,
    deadlineMs: 60_000,
  });
  const found = await rows<{ task_id: string; state: string; value: unknown }>(
    `select task_id, state, (select value from xcom where xcom.task_instance_id = ti.task_instance_id and key = 'return_value') as value
       from task_instance ti where dag_run_id = $1`,
    [dagRunId],
  );
  return Object.fromEntries(found.map(({ task_id, ...rest }) => [task_id, rest]));
}

async function rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

describe('a file written for Airflow’s SDK, unchanged in the dags folder', () => {
  it('has groups, fan-in, conditions and switches that run as they do there', async () => {
    const ended = await run('airflow_regions');
    expect(ended).toMatchObject({
      'extract.north': { state: 'success', value: { region: 'north', rows: 3 } },
      'extract.south': { state: 'success' },
      summarize: { state: 'success', value: { total: 3, regions: 2 } },
      has_rows: { state: 'success', value: true },
      load_rows: { state: 'success', value: { loaded: 3 } },
      report_empty: { state: 'skipped' },
      pick_cadence: { state: 'success', value: 'publish_daily' },
      publish_daily: { state: 'success' },
      publish_weekly: { state: 'skipped' },
      cleanup: { state: 'success', value: 'airflow_regions/cleanup/1' },
    });
  });

  it('may name tasks by their functions, list inputs, import helpers and serve several DAGs', async () => {
    expect(await run('airflow_invoices')).toMatchObject({
      readInvoices: { state: 'success' },
      total: { value: 1250 },
      send: { state: 'success', value: 'finance@example.com: €12.50 by nobody' },
    });
    expect(await run('airflow_audit')).toMatchObject({
      'keep.first': { value: 1 },
      'keep.cold.second': { value: 2 },
      last: { value: 'done' },
    });
  });

  it('asks people, who approve and choose, and gets answers in the shape of Airflow', async () => {
    const ended = run('airflow_release');
    await answer('sign_off', ['Reject']);
    await answer('size_rollout', ['us', 'apac'], { replicas: 5 });
    expect(await ended).toMatchObject({
      sign_off: { state: 'success', value: { chosenOptions: ['Reject'], respondedByUser: { id: 'op', name: 'op' }, timedout: false } },
      publish: { state: 'skipped' },
      deploy: { value: { to: ['us', 'apac'], replicas: 5, by: 'op', timedout: false } },
      after_all: { value: [['no'], null, true] },
    });
  });

  it('starts runs of other DAGs, and waits for them', async () => {
    const ended = await run('airflow_controller');
    expect(ended).toMatchObject({ start: { state: 'success' }, start_and_wait: { state: 'success' }, done: { value: 'done' } });
    const started = await rows<{ state: string; conf: unknown }>(
      "select state, conf from dag_run where dag_id = 'airflow_target' order by queued_at",
      [],
    );
    expect(started).toHaveLength(2);
    expect(started.map((one) => one.conf)).toContainEqual({ by: 'airflow_controller' });
  });

  it('runs with `windlass dags test`', async () => {
    const { stdout, code } = await windlass(['dags', 'test', join(FOLDER, 'regions.ts')]);
    expect(stdout).toContain('load_rows');
    expect(code).toBe(0);
  });
});
