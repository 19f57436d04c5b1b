/** A whole Windlass in this process (scheduler, worker, triggerer) over a folder of DAG files, for end-to-end tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { startScheduler } from '../../scheduler/main.ts';
import { type RunningTriggerer, startTriggerer } from '../../triggerer/main.ts';
import { openWorld, type World } from '../worker/support.ts';

export interface Whole {
  readonly world: World;
  readonly db: Database;
  readonly config: Config;
  triggerer(): Promise<RunningTriggerer>;
  /** Starts a run and returns its database id. */
  start(dagId: string, conf?: object): Promise<string>;
  states(dagRunId: string): Promise<Readonly<Record<string, string>>>;
  reaches(dagRunId: string, taskId: string, state: string): Promise<void>;
  ends(dagRunId: string, state: string): Promise<void>;
  result(dagRunId: string, taskId: string): Promise<unknown>;
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** `files`: name -> text. Resolves when all their DAGs are known. */
export async function openWhole(files: Readonly<Record<string, string>>, dagIds: readonly string[]): Promise<Whole> {
  const world = await openWorld({ dagsArePausedAtCreation: false, dagImportTimeoutMs: 60_000 });
  const { config, db, broker } = world;
  const deps = { config, db, broker, clock: systemClock, logger: quietLogger() };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config.dagsFolder, name), text);
  const scheduler = await startScheduler(deps);
  await world.worker();
  const triggerers: RunningTriggerer[] = [];
  const sql = async <Row>(text: string, values: unknown[] = []) => (await db.pool.query(text, values)).rows as Row[];
  await until(
    async () => {
      const broken = await sql<{ message: string }>('select message from import_error');
      if (broken.length > 0) return broken;
      return (await sql('select 1 from dag where dag_id = any($1) and version_id is not null', [dagIds])).length === dagIds.length;
    },
    { what: 'the DAGs are known', deadlineMs: 60_000 },
  );
  const broken = await sql<{ message: string }>('select message from import_error');
  if (broken.length > 0) throw new Error(broken[0]?.message);
  const states = async (dagRunId: string) =>
    Object.fromEntries(
      (await sql<{ task_id: string; state: string }>('select task_id, state from task_instance where dag_run_id = $1', [dagRunId])).map(
        (row) => [row.task_id, row.state],
      ),
    );
  return {
    world,
    db,
    config,
    sql,
    states,
    async triggerer() {
      const started = await startTriggerer(deps);
      triggerers.push(started);
      return started;
    },
    async start(dagId, conf = {}) {
      const dagRunId = newId();
      const made = await createDagRuns(db, [
        {
          dagRunId,
          dagId,
          runId: `manual__${dagRunId}`,
          runType: 'manual',
          logicalDate: null,
          dataIntervalStart: null,
          dataIntervalEnd: null,
          runAfter: new Date(systemClock.now()),
          conf: conf as Record<string, unknown>,
          triggeredBy: 'test',
          triggeringUser: null,
          note: null,
        },
      ]);
      if (made.size === 0) throw new Error(`no run of ${dagId} was made`);
      broker.ring('runs_changed', { dagIds: [dagId] });
      return dagRunId;
    },
    async reaches(dagRunId, taskId, state) {
      await until(async () => (await states(dagRunId))[taskId] === state, { what: `${taskId} is ${state}`, deadlineMs: 30_000 });
    },
    async ends(dagRunId, state) {
      const told = () => sql('select task_id, state, reason from task_instance where dag_run_id = $1 order by task_id', [dagRunId]);
      const over = async () => {
        const row = (await sql<{ state: string }>('select state from dag_run where dag_run_id = $1', [dagRunId]))[0];
        return row && ['success', 'failed'].includes(row.state) && row.state;
      };
      const ended = await until(over, { what: 'the run ends', deadlineMs: 30_000 }).catch((error: Error) => error);
      if (ended !== state) throw new Error(`the run is ${String(ended)}: ${JSON.stringify(await told())}`);
    },
    async result(dagRunId, taskId) {
      const rows = await sql<{ value: unknown }>(
        `select x.value from xcom x join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 and ti.task_id = $2 and x.key = 'return_value'`,
        [dagRunId, taskId],
      );
      return rows[0]?.value;
    },
    async close() {
      await Promise.all(triggerers.map((one) => one.stop()));
      await scheduler.stop();
      await world.close();
    },
  };
}
