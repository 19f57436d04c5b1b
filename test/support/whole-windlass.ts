/** A scheduler with its DAG processor and a worker, in this process, over a Postgres and a broker of their own: DAG files run as for a user. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { checkLogs } from '#platform/logs/check-logs.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { startWorker } from '../../worker/main.ts';
import { startBroker } from './broker.ts';
import { testConfig } from './config.ts';
import { createDatabase } from './postgres.ts';
import { until } from './until.ts';

export interface WholeWindlass {
  readonly config: Config;
  readonly db: Database;
  /** Resolves when the DAG processor has read the DAGs of the files. */
  know(...dagIds: string[]): Promise<void>;
  trigger(dagId: string, conf?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Waits until the run has ended; returns its state. */
  ended(dagRunId: string): Promise<string>;
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>;
  /** "task" or "task[index]" -> state. */
  states(dagRunId: string): Promise<Record<string, string>>;
  result(dagRunId: string, taskId: string, mapIndex?: number): Promise<unknown>;
  /** Rings the scheduler: somebody changed runs of the DAG. */
  changed(dagId: string): void;
  /** Stops everything; throws when the database breaks an invariant. */
  close(): Promise<void>;
}

const DEADLINE_MS = 90_000;

/** `files`: DAG files by name. `moreWorkers`: what is different on other machines. */
export async function startWholeWindlass(
  files: Readonly<Record<string, string>>,
  overrides: Partial<Config> = {},
  moreWorkers: readonly Partial<Config>[] = [],
): Promise<WholeWindlass> {
  const database = await createDatabase();
  const testBroker = await startBroker(database);
  const config = testConfig({ ...testBroker.settings, serviceHeartbeatMs: 500, ...overrides });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(config.dagsFolder, name)), { recursive: true });
    writeFileSync(join(config.dagsFolder, name), text);
  }
  const logger = quietLogger();
  const { db } = database;
  const broker = await testBroker.open({ brokerPrefix: config.brokerPrefix });
  const deps = { config, db, broker, clock: systemClock, logger };
  const [scheduler, ...workers] = await Promise.all([
    startScheduler(deps),
    startWorker(deps),
    ...moreWorkers.map((more) => startWorker({ ...deps, config: { ...config, ...more } })),
  ]);
  const sql = async <Row>(text: string, values: unknown[] = []) => (await db.pool.query(text, values)).rows as Row[];
  return {
    config,
    db,
    sql,
    async know(...dagIds) {
      await until(
        async () => {
          const known = await sql<{ n: number }>('select count(*)::int as n from dag where dag_id = any($1) and version_id is not null', [
            dagIds,
          ]);
          const errors = await sql<{ message: string }>('select message from import_error');
          if (errors.length > 0) throw new Error(errors.map((row) => row.message).join('\n'));
          return known[0]?.n === dagIds.length;
        },
        { deadlineMs: DEADLINE_MS, what: `the DAG processor knows ${dagIds.join(', ')}` },
      );
    },
    async trigger(dagId, conf = {}) {
      const dagRunId = newId();
      const run = {
        dagRunId,
        dagId,
        runId: `manual__${dagRunId}`,
        runType: 'manual' as const,
        conf,
        runAfter: new Date(systemClock.now() - 1_000),
      };
      const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
      await createDagRuns(db, [{ ...run, ...none, triggeredBy: 'test' }]);
      broker.ring('runs_changed', { dagIds: [dagId] });
      return dagRunId;
    },
    async ended(dagRunId) {
      const stateOf = async () =>
        (await sql<{ state: string }>('select state from dag_run where dag_run_id = $1', [dagRunId]))[0]?.state ?? '';
      await until(async () => ['success', 'failed'].includes(await stateOf()), {
        deadlineMs: DEADLINE_MS,
        what: `the run ${dagRunId} ends`,
      });
      return stateOf();
    },
    async states(dagRunId) {
      const rows = await sql<{ task_id: string; map_index: number; state: string }>(
        'select task_id, map_index, state from task_instance where dag_run_id = $1 order by task_id, map_index',
        [dagRunId],
      );
      return Object.fromEntries(rows.map((row) => [row.map_index < 0 ? row.task_id : `${row.task_id}[${row.map_index}]`, row.state]));
    },
    async result(dagRunId, taskId, mapIndex = -1) {
      const rows = await sql<{ value: unknown }>(
        `select x.value from xcom x join task_instance ti using (task_instance_id)
          where ti.dag_run_id = $1 and ti.task_id = $2 and ti.map_index = $3 and x.key = 'return_value'`,
        [dagRunId, taskId, mapIndex],
      );
      return rows[0]?.value;
    },
    changed: (dagId) => broker.ring('runs_changed', { dagIds: [dagId] }),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await scheduler.stop();
      const logs = await checkLogs(db, { logsFolder: config.logsFolder, historyMs: 86_400_000, mayBeGone: false });
      const checked = [...(await checkInvariants(db, 86_400_000)), ...(logs === null ? [] : [logs])];
      const broken = checked.filter((one) => one.violations.length > 0 || one.error !== null);
      await testBroker.stop();
      await database.drop();
      // Whatever the test was about, the history it left must keep every promise.
      if (broken.length > 0) throw new Error(`invariants are broken: ${JSON.stringify(broken, null, 2)}`);
    },
  };
}
