/**
 * Real processes of `windlass` with probes that can be armed, over a database, a Redis and a folder of their own. Leases
 * are short; whatever process ends is started again at once, as a supervisor of services would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { readConfig } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import type { ProbeName } from '#platform/probes/probe-table.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import type { TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';
import { ROLE_NODE_FLAGS } from '../../cli/node-flags.ts';
import type { Edit } from '../chaos/sabotage/measures.ts';
import type { ProbeAction } from './arm-probes.ts';

export const BIN = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
export const PRELOAD = fileURLToPath(new URL('./arm-probes.ts', import.meta.url));
const EDIT_SOURCES = new URL('../chaos/sabotage/preload.mjs', import.meta.url).href;
export const LEASE_TTL_MS = 1_500;
/** Of a process that woke up: then it has done what it was about to do when it fell asleep. */
const AWAKE_MS = 600;
/** Longer than any lease, its grace, and the loop that looks for what was lost. */
const SILENT_MS = 2_200;
const START_MS = 240_000;
const REACH_MS = 120_000;
const END_MS = 120_000;

export type Role = 'scheduler' | 'worker' | 'triggerer' | 'webserver';

const SETTINGS = {
  WINDLASS_SECRET_KEY: 'a-secret-key-for-tests-of-32-characters',
  WINDLASS_ADMIN_PASSWORD: 'admin-password',
  WINDLASS_LEASE_TTL_MS: String(LEASE_TTL_MS),
  WINDLASS_LEASE_RENEW_MS: '250',
  WINDLASS_LEASE_GRACE_MS: '200',
  WINDLASS_SHARD_LEASE_TTL_MS: '1000',
  WINDLASS_SERVICE_HEARTBEAT_MS: '250',
  WINDLASS_RERING_AFTER_MS: '500',
  WINDLASS_WORKER_SLOTS: '4',
  WINDLASS_WORKER_DRAIN_MS: '300',
  WINDLASS_TASK_KILL_GRACE_MS: '200',
  WINDLASS_DAG_SCAN_INTERVAL_MS: '1500',
  WINDLASS_DAGS_ARE_PAUSED_AT_CREATION: 'false',
  WINDLASS_XCOM_BACKEND_THRESHOLD_BYTES: '1000',
  WINDLASS_LOG_FORMAT: 'json',
};

export interface ClusterOptions {
  /** Of its sources, to see what becomes of a cell. */
  readonly edits?: readonly Edit[];
  /** Preloaded into every process. */
  readonly preload?: readonly string[];
  readonly environment?: (folder: string) => Readonly<Record<string, string>>;
  /** What processes ask of their sessions of Postgres, instead of what they usually do. */
  readonly databaseOptions?: string;
  /** Before anybody connects. */
  readonly prepare?: (db: Database) => Promise<void>;
}

interface Running {
  readonly role: Role;
  readonly child: ChildProcess;
  ready: boolean;
  url: string;
}

export class ProbedCluster {
  readonly folder: string;
  readonly database: TestDatabase;
  readonly broker: Broker;
  readonly redis: TestRedis;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #wanted: Readonly<Partial<Record<Role, number>>>;
  readonly #preload: readonly string[];
  readonly #running = new Set<Running>();
  #closing = false;

  private constructor(
    folder: string,
    database: TestDatabase,
    broker: Broker,
    redis: TestRedis,
    environment: Readonly<Record<string, string>>,
    wanted: Readonly<Partial<Record<Role, number>>>,
    preload: readonly string[],
  ) {
    this.folder = folder;
    this.database = database;
    this.broker = broker;
    this.redis = redis;
    this.#environment = environment;
    this.#wanted = wanted;
    this.#preload = preload.flatMap((module) => ['--import', module]);
  }

  /** `dags`: makes the DAG files, given the cluster's folder. Resolves when all processes are there and all DAGs are known. */
  static async open(
    redis: TestRedis,
    wanted: Readonly<Partial<Record<Role, number>>>,
    dags: (folder: string) => Readonly<Record<string, string>>,
    { edits = [], preload = [], environment: more, databaseOptions, prepare }: ClusterOptions = {},
  ): Promise<ProbedCluster> {
    const database = await createDatabase();
    await prepare?.(database.db);
    const url = new URL(database.url);
    if (databaseOptions !== undefined) url.searchParams.set('options', databaseOptions);
    const folder = mkdtempSync(join(tmpdir(), 'windlass-probes-'));
    for (const name of ['dags', 'plugins', 'logs', 'data', 'scratch', 'xcom', 'tmp', 'armed', 'reached']) mkdirSync(join(folder, name));
    const files = dags(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'dags', name), text);
    const environment = cleanEnvironment({
      ...SETTINGS,
      DATABASE_URL: url.href.replaceAll('+', '%20'),
      REDIS_URL: redis.url,
      WINDLASS_CONN_STREAMS: redis.url,
      WINDLASS_BROKER_PREFIX: newId(),
      WINDLASS_XCOM_BACKEND: `file://${join(folder, 'xcom')}`,
      ...Object.fromEntries(
        ['DAGS', 'PLUGINS', 'LOGS', 'DATA', 'SCRATCH'].map((name) => [`WINDLASS_${name}_FOLDER`, join(folder, name.toLowerCase())]),
      ),
      WINDLASS_WEB_PORT: '0',
      // What a killed process leaves there goes with the folder.
      TMPDIR: join(folder, 'tmp'),
      PROBE_FOLDER: folder,
      CHAOS_EDITS: JSON.stringify(edits),
      ...more?.(folder),
    });
    const settings = Object.fromEntries(Object.entries(environment).filter(([name]) => /^(WINDLASS_|DATABASE_URL|REDIS_URL)/.test(name)));
    const broker = await openBroker(readConfig(settings, folder), database.db, quietLogger());
    const cluster = new ProbedCluster(folder, database, broker, redis, environment, wanted, preload);
    try {
      for (const [role, count] of Object.entries(wanted)) for (let index = 0; index < count; index++) cluster.#start(role as Role);
      await cluster.healthy();
      await cluster.parsed();
      // Of the DAG `steps`.
      await cluster.sql(`insert into pool (name, slots) values ('narrow', 2)`);
    } catch (error) {
      const warnings = cluster.warnings();
      await cluster.close();
      throw new Error(`no cluster: ${(error as Error).message}\n${warnings}`, { cause: error });
    }
    return cluster;
  }

  get db(): Database {
    return this.database.db;
  }

  async sql<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.db.pool.query(text, [...values])).rows as Row[];
  }

  /** Resolves when every role has as many processes at work as it should. */
  async healthy(): Promise<void> {
    const missing = () =>
      Object.entries(this.#wanted).filter(
        ([role, count]) => [...this.#running].filter((one) => one.ready && one.role === role).length < count,
      );
    await until(() => missing().length === 0, { what: `all processes are at work (${this.folder})`, deadlineMs: START_MS });
  }

  /** Resolves when every file of the DAG folder is known. */
  async parsed(): Promise<void> {
    const files = readdirSync(join(this.folder, 'dags')).length;
    // An import error may be of a process that was hit while it saved: the next scan takes it back.
    const known = () => this.sql<{ n: number }>('select count(distinct file_path)::int as n from dag where version_id is not null');
    await until(async () => (await known())[0]?.n === files, { what: 'all DAGs are known', deadlineMs: START_MS });
  }

  /** The next process that gets to the probe is killed, stopped, or fails there. */
  arm(probe: ProbeName, action: ProbeAction): void {
    writeFileSync(join(this.folder, 'armed', probe), action);
  }

  /** Resolves with the process that was there. */
  async reached(probe: ProbeName): Promise<number> {
    const found = () => readdirSync(join(this.folder, 'reached')).find((name) => name.startsWith(`${probe}.`));
    const name = await until(found, { what: `a process gets to ${probe}`, deadlineMs: REACH_MS });
    return Number(name.slice(probe.length + 1));
  }

  /** What was reached is forgotten, and nothing is armed any more. */
  disarm(): void {
    for (const place of ['armed', 'reached'])
      for (const name of readdirSync(join(this.folder, place))) rmSync(join(this.folder, place, name), { force: true });
  }

  /** Resolves when a stopped process has been silent for longer than its leases. */
  async silent(pid: number): Promise<void> {
    await until(
      async () =>
        (
          await this.sql(
            `select 1 from service where pid = $1 and stopped_at is null having max(last_heartbeat_at) > clock_timestamp() - $2 * interval '1 millisecond'`,
            [pid, SILENT_MS],
          )
        ).length === 0,
      { what: `process ${pid} is silent`, deadlineMs: REACH_MS },
    );
  }

  /** Lets a stopped process go on; resolves when it has been at work again for a while, or has ended. */
  async wake(pid: number): Promise<void> {
    const now = (await this.sql<{ now: Date }>('select clock_timestamp() as now'))[0]?.now;
    process.kill(pid, 'SIGCONT');
    await until(
      async () =>
        ![...this.#running].some((one) => one.child.pid === pid) ||
        (
          await this.sql(`select 1 from service where pid = $1 and last_heartbeat_at > $2::timestamptz + $3 * interval '1 millisecond'`, [
            pid,
            now,
            AWAKE_MS,
          ])
        ).length > 0,
      { what: `process ${pid} lives again`, deadlineMs: REACH_MS },
    );
  }

  pidsOf(role: Role): readonly number[] {
    return [...this.#running].filter((one) => one.role === role && one.ready).map((one) => one.child.pid as number);
  }

  urlOf(role: Role): string {
    return [...this.#running].find((one) => one.role === role && one.ready)?.url ?? '';
  }

  /** SIGKILL for every process there is, also one that is starting; returns how many these were. Each is started again. */
  killAll(): number {
    const living = [...this.#running].filter(({ child }) => child.signalCode === null && child.exitCode === null);
    return living.filter(({ child }) => child.kill('SIGKILL')).length;
  }

  /** Makes a run of each DAG, as the API does, and rings. */
  async trigger(dagIds: readonly string[], conf: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
    const runs = dagIds.map((dagId) => {
      const dagRunId = newId();
      const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
      const runAfter = new Date(systemClock.now() - 1_000);
      return {
        dagRunId,
        dagId,
        runId: `manual__${dagRunId}`,
        runType: 'manual' as const,
        conf,
        runAfter,
        triggeredBy: 'test' as const,
        ...none,
      };
    });
    const created = await createDagRuns(this.db, runs);
    if (created.size !== runs.length) throw new Error(`only ${created.size} of ${runs.length} runs were created`);
    this.broker.ring('runs_changed', { dagIds: [...dagIds] });
    return runs.map((run) => run.dagRunId);
  }

  async ended(dagRunIds: readonly string[]): Promise<void> {
    await until(
      async () => {
        const rows = await this.sql('select 1 from dag_run where dag_run_id = any($1) and ended_at is not null', [dagRunIds]);
        return rows.length === dagRunIds.length;
      },
      { what: 'every run has ended', deadlineMs: END_MS },
    );
  }

  /** The last warnings of all processes, for the message of a failure. */
  warnings(): string {
    const lines = readdirSync(this.folder)
      .filter((name) => name.endsWith('.log'))
      .flatMap((name) =>
        readFileSync(join(this.folder, name), 'utf8')
          .split('\n')
          .map((line) => `${name} ${line}`),
      )
      .filter((line) => /"level":("(warn|error|fatal)"|[4-6]0)/.test(line) || !line.includes('{'));
    return lines.slice(-25).join('\n');
  }

  async close(): Promise<void> {
    this.#closing = true;
    const gone = [...this.#running].map(({ child }) => new Promise<void>((resolve) => child.once('exit', () => resolve())));
    for (const { child } of this.#running) child.kill('SIGKILL');
    await Promise.all(gone);
    await this.broker.close();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(role: Role): void {
    const log = openSync(join(this.folder, `${role}.log`), 'a');
    const child = spawn(
      process.execPath,
      [...ROLE_NODE_FLAGS, '--import', EDIT_SOURCES, '--import', PRELOAD, ...this.#preload, BIN, role],
      {
        cwd: this.folder,
        env: this.#environment,
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
    const running: Running = { role, child, ready: false, url: '' };
    this.#running.add(running);
    child.on('message', (message: { type?: string; url?: string | null }) => {
      if (message?.type !== 'ready') return;
      running.ready = true;
      running.url = message.url ?? '';
    });
    child.once('exit', (code, signal) => {
      this.#running.delete(running);
      if (this.#closing) return;
      appendFileSync(join(this.folder, 'ends.log'), `${role} ${child.pid} ended: ${signal ?? code}\n`);
      this.#start(role);
    });
  }
}
