/**
 * Goal: ten canonical DAGs take the way they always took: every event of every instance, in order, with its reason.
 * Method: the files of `dags/` through the real DAG processor, scheduler, queue and worker, against `logs/`.
 * `UPDATE_GOLDEN=1 npx vitest run test/golden` rewrites the logs; read the diff.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { markInstances } from '#platform/db/queries/api/move-instances.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { startWorker } from '../../worker/main.ts';
import { eventLog } from './event-log.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
let database: TestDatabase;
let testBroker: TestBroker;
let broker: Broker;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
  const config = testConfig({ dagsFolder: join(FOLDER, 'dags'), dagsArePausedAtCreation: false });
  const deps = { config, db: database.db, broker, clock: systemClock, logger: quietLogger() };
  const scheduler = await startScheduler(deps);
  const worker = await startWorker(deps);
  stops.push(
    () => scheduler.stop(),
    () => worker.stop(),
  );
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await testBroker.stop();
  await database.drop();
});

async function start(dagId: string, conf: Readonly<Record<string, unknown>> = {}): Promise<string> {
  await until(async () => (await rows('select 1 from dag where dag_id = $1 and version_id is not null', [dagId])).length === 1, {
    what: `${dagId} was read`,
    deadlineMs: 60_000,
  });
  const dagRunId = newId();
  await createDagRuns(database.db, [
    {
      dagRunId,
      dagId,
      runId: `manual__${dagRunId}`,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: new Date(),
      conf,
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  broker.ring('runs_changed', { dagIds: [dagId] });
  return dagRunId;
}

async function rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

const ended = (dagRunId: string) =>
  until(async () => (await rows('select 1 from dag_run where dag_run_id = $1 and ended_at is not null', [dagRunId])).length === 1, {
    what: 'the run ends',
    deadlineMs: 60_000,
  });

async function compare(name: string, dagRunIds: readonly string[]): Promise<void> {
  const logs = await Promise.all(dagRunIds.map((dagRunId) => eventLog(database.db, dagRunId)));
  const text = logs.join('\n');
  const file = join(FOLDER, 'logs', `${name}.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, 'utf8') : '');
}

test.each(['linear', 'diamond', 'branch', 'short-circuit', 'setup-teardown', 'retries', 'mapped', 'sensor', 'fail-fast'])(
  '%s',
  async (name) => {
    const dagRunId = await start(`golden_${name.replaceAll('-', '_')}`);
    await ended(dagRunId);
    await compare(name, [dagRunId]);
  },
);

test('past', async () => {
  const first = await start('golden_past', { fail: true });
  await ended(first);
  const second = await start('golden_past');
  const third = await start('golden_past');
  for (const dagRunId of [second, third])
    await until(
      async () =>
        (
          await rows('select 1 from task_instance where dag_run_id = $1 and reason like $2', [
            dagRunId,
            'waiting for step of the run before%',
          ])
        ).length === 1,
      {
        what: 'step waits for the run before',
        deadlineMs: 60_000,
      },
    );
  const [step] = await rows<{ id: string }>(`select task_instance_id as id from task_instance where dag_run_id = $1 and task_id = 'step'`, [
    first,
  ]);
  const mark = { event: 'mark_success', actor: 'user:ada', reason: 'marked success by ada' } as const;
  await database.db.transaction('mark', (tx) => markInstances(tx, [step?.id as string], mark));
  broker.ring('runs_changed', { dagIds: ['golden_past'] });
  await ended(second);
  await ended(third);
  await compare('past', [first, second, third]);
});
