/** Worlds for worker tests: a DAG file saved as the DAG processor would, and instances queued as the scheduler would. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DagSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import type { LogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { readLog } from '#platform/logs/log-reader.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { bundleFile, stopBundler } from '../../scheduler/dag-processor/bundle.ts';
import type { DagDefinition } from '../../sdk/definition.ts';
import { serialiseDag } from '../../sdk/runtime/serialise-dag.ts';
import { type RunningWorker, startWorker } from '../../worker/main.ts';

/** Leases that end in the time of a test. */
export const SHORT = { leaseTtlMs: 3_000, leaseRenewMs: 300, taskKillGraceMs: 400, workerDrainMs: 300, serviceHeartbeatMs: 500 } as const;

export interface World {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  /** Where the broker is, for processes of their own. */
  readonly testBroker: TestBroker;
  /** Starts another worker. All are stopped with the world. */
  worker(overrides?: Partial<Config>): Promise<RunningWorker>;
  close(): Promise<void>;
}

/** A database and a broker of its own. */
export async function openWorld(overrides: Partial<Config> = {}): Promise<World> {
  const database: TestDatabase = await createDatabase();
  const testBroker = await startBroker(database);
  const config = testConfig({ ...SHORT, ...testBroker.settings, ...overrides });
  const logger = quietLogger();
  const broker = await testBroker.open();
  const workers: RunningWorker[] = [];
  return {
    config,
    db: database.db,
    broker,
    testBroker,
    async worker(more = {}) {
      const worker = await startWorker({ config: { ...config, ...more }, db: database.db, broker, clock: systemClock, logger });
      workers.push(worker);
      return worker;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await testBroker.stop();
      await database.drop();
      await stopBundler();
    },
  };
}

export interface SavedDag {
  readonly dagId: string;
  readonly versionId: string;
  readonly spec: DagSpec;
}

/** Saves the text of a DAG file that has one DAG as its default export. */
export async function saveDag(db: Database, source: string): Promise<SavedDag> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-test-dag-'));
  const file = join(folder, 'dag.ts');
  writeFileSync(file, source);
  const bundle = await bundleFile(file, { dags: folder, plugins: folder, sdk: 'inside' });
  const built = join(folder, 'bundle.mjs');
  writeFileSync(built, bundle.code);
  const module = (await import(/* @vite-ignore */ pathToFileURL(built).href)) as { default: DagDefinition };
  const spec = serialiseDag(module.default);
  return saveVersion(db, spec, bundle.code);
}

async function saveVersion(db: Database, spec: DagSpec, code: string): Promise<SavedDag> {
  const { dagId } = spec;
  const versionId = newId();
  const hash = bundleHash(code);
  await db.pool.query('insert into dag_bundle (hash, code) values ($1, $2) on conflict do nothing', [hash, code]);
  await db.pool.query('insert into dag (dag_id, file_path, is_paused, shard) values ($1, $2, false, $3)', [
    dagId,
    'dag.ts',
    shardOf(dagId),
  ]);
  await db.pool.query(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
     values ($1, $2, 1, $3, $3, $4, '', 'dag.ts')`,
    [versionId, dagId, hash, JSON.stringify(spec)],
  );
  return { dagId, versionId, spec };
}

export interface QueuedTask {
  readonly taskInstanceId: string;
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly queue: string;
}

/** Makes a run with this one instance, queued for its first try. It is not rung. */
export async function queueTask(db: Database, dag: SavedDag, taskId: string, conf: object = {}): Promise<QueuedTask> {
  const task = dag.spec.tasks.find((entry) => entry.taskId === taskId);
  if (!task) throw new Error(`the DAG has no task ${taskId}`);
  const dagRunId = newId();
  const taskInstanceId = newId();
  const runId = `manual__${dagRunId}`;
  await db.pool.query(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, conf, triggered_by, started_at)
     values ($1, $2, $3, 'manual', 'running', $4, $5, clock_timestamp(), $6, 'test', clock_timestamp())`,
    [dagRunId, dag.dagId, runId, dag.versionId, shardOf(dag.dagId), JSON.stringify(conf)],
  );
  await db.pool.query(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, state, try_number, max_tries, operator, queue, pool, pool_slots, priority_weight, queued_at)
     values ($1, $2, $3, 'queued', 1, $4, $5, $6, 'default_pool', 1, 1, clock_timestamp())`,
    [taskInstanceId, dagRunId, taskId, task.retries, task.operator, task.queue],
  );
  return { taskInstanceId, dagRunId, dagId: dag.dagId, runId, taskId, queue: task.queue };
}

export async function ring(broker: Broker, ...tasks: readonly QueuedTask[]): Promise<void> {
  for (const [queue, entries] of Map.groupBy(tasks, (task) => task.queue))
    await broker.publish(queue, [entries.map(({ taskInstanceId }) => ({ taskInstanceId, tryNumber: 1, leaseEpoch: 0 }))]);
}

/**
 * What a scheduler does with those that were handed back, because no slot came free in time, and with those that nobody claimed for
 * long: a claim that Postgres was too busy for is dropped, and an idle worker looks for itself only after half a minute.
 */
export async function queueAgain({ db, broker }: Pick<World, 'db' | 'broker'>, tasks: readonly QueuedTask[]): Promise<void> {
  const { rows } = await db.pool.query<{ taskInstanceId: string; tryNumber: number; leaseEpoch: number }>(
    `update task_instance set state = 'queued', queued_at = clock_timestamp() where task_instance_id = any($1::uuid[])
        and (state = 'scheduled' or (state = 'queued' and queued_at < clock_timestamp() - interval '3 seconds'))
     returning task_instance_id as "taskInstanceId", try_number as "tryNumber", lease_epoch::int as "leaseEpoch"`,
    [tasks.map((task) => task.taskInstanceId)],
  );
  if (rows.length > 0) await broker.publish('default', [rows]);
}

export interface InstanceRow {
  readonly state: string;
  readonly reason: string | null;
  readonly lease_epoch: number;
  readonly lease_owner: string | null;
  readonly next_try_at: Date | null;
  readonly try_number: number;
}

export async function instanceOf(db: Database, task: QueuedTask): Promise<InstanceRow> {
  const result = await db.pool.query<InstanceRow>('select * from task_instance where task_instance_id = $1', [task.taskInstanceId]);
  return result.rows[0] as InstanceRow;
}

export interface AttemptRow {
  readonly attempt_id: string;
  readonly outcome: string | null;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string } | null;
  readonly pid: number | null;
  readonly worker_id: string;
  readonly body_started_at: Date | null;
}

export async function attemptsOf(db: Database, task: QueuedTask): Promise<readonly AttemptRow[]> {
  return (
    await db.pool.query<AttemptRow>('select * from task_attempt where task_instance_id = $1 order by lease_epoch', [task.taskInstanceId])
  ).rows;
}

/** The result as it is stored, or undefined. */
export async function resultOf(db: Database, task: QueuedTask, key = 'return_value'): Promise<unknown> {
  const sql = 'select value from xcom where task_instance_id = $1 and key = $2';
  return (await db.pool.query<{ value: unknown }>(sql, [task.taskInstanceId, key])).rows[0]?.value;
}

/** Waits until the instance has left the states of work, and returns it. */
export async function ended(db: Database, task: QueuedTask, deadlineMs = 20_000): Promise<InstanceRow> {
  return until(
    async () => {
      const row = await instanceOf(db, task);
      return row.state !== 'queued' && row.state !== 'running' && row;
    },
    { what: `${task.taskId} ends`, deadlineMs },
  );
}

/** Waits until its log says so. */
export async function logSays(config: Config, task: QueuedTask, text: string, deadlineMs = 15_000): Promise<readonly LogLine[]> {
  return until(
    async () => {
      const lines = await logOf(config, task);
      return lines.some((line) => line.event.includes(text)) && lines;
    },
    { what: `the log of ${task.taskId} says ${JSON.stringify(text)}`, deadlineMs },
  );
}

export async function logOf(config: Config, task: QueuedTask, tryNumber = 1): Promise<readonly LogLine[]> {
  const path = logPath(config.logsFolder, { dagId: task.dagId, runId: task.runId, taskId: task.taskId, mapIndex: -1, tryNumber });
  return (await readLog(path, 0, 1024 * 1024 * 1024)).lines;
}

/** A zombie counts as dead, unlike with kill(pid, 0). */
export function isAlive(pid: number): boolean {
  try {
    const status = process.getBuiltinModule('node:fs').readFileSync(`/proc/${pid}/status`, 'utf8');
    return !/^State:\s+[ZX]/m.test(status);
  } catch {
    return false;
  }
}
