/**
 * A whole Windlass for one scenario: a database of its own on the benchmark's servers, and real processes started by the
 * command line a user has. Runs are made by the statement the API uses, and results are read from Postgres.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { readConfig } from '#platform/config/config.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { ensureDatabase } from '#platform/db/embedded-databases.ts';
import { createDagRuns, type NewDagRun } from '#platform/db/queries/create-dag-runs.ts';
import { quietLogger } from '#platform/logger.ts';
import { ROLE_NODE_FLAGS } from '../../cli/node-flags.ts';
import { printProfiles, printStatements, profilingFlags } from './profiles.ts';
import type { Servers } from './servers.ts';

const WINDLASS = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
const POLL_MS = 20;
/** What is asked of Postgres while it works is work of its own. */
const ENDED_POLL_MS = 100;
const START_DEADLINE_MS = 180_000;
const STOP_DEADLINE_MS = 30_000;

export const ADMIN_PASSWORD = 'a password for benchmarks';

export type Role = 'scheduler' | 'worker' | 'webserver' | 'monitor' | 'triggerer';

export interface ClusterOptions {
  readonly name: string;
  readonly broker?: 'redis' | 'postgres';
  /** File name -> text. */
  readonly dags: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly readyMs: number;
  /** Empty for roles that serve nothing. */
  readonly url: string;
}

export class Cluster {
  readonly folder: string;
  readonly db: Database;
  readonly #broker: Broker;
  /** Settings of every process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #processes: ChildProcess[] = [];
  readonly #profiled: boolean;

  private constructor(
    folder: string,
    db: Database,
    broker: Broker,
    { environment, profiled }: { readonly environment: Readonly<Record<string, string>>; readonly profiled: boolean },
  ) {
    this.#profiled = profiled;
    this.folder = folder;
    this.db = db;
    this.#broker = broker;
    this.environment = environment;
  }

  static async open(servers: Servers, options: ClusterOptions): Promise<Cluster> {
    const database = `bench_${options.name}_${newId().slice(-6)}`;
    const admin = openDatabase({ url: servers.databaseUrl, applicationName: 'bench:setup', logger: quietLogger(), maxConnections: 1 });
    await ensureDatabase(admin, database);
    await admin.close();
    const url = new URL(servers.databaseUrl);
    url.pathname = `/${database}`;
    const db = openDatabase({ url: url.href, applicationName: 'bench', logger: quietLogger() });
    const folder = join(servers.folder, database);
    for (const name of ['dags', 'plugins', 'logs', 'data', 'scratch']) mkdirSync(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(options.dags)) writeFileSync(join(folder, 'dags', file), text);
    const environment = settings(servers, folder, database, url.href, options);
    // As a user does it; makes the first admin, too.
    execFileSync(process.execPath, [WINDLASS, 'db', 'migrate'], { env: environment, cwd: folder, stdio: 'ignore' });
    const broker = await openBroker(readConfig(environment, folder), db, quietLogger());
    if (servers.profiled) await db.pool.query('create extension pg_stat_statements');
    return new Cluster(folder, db, broker, { environment, profiled: servers.profiled });
  }

  /** Starts one process of a role; resolves when it says it is ready, with how long that took. */
  async start(role: Role, extra: Readonly<Record<string, string>> = {}): Promise<Started> {
    const startedAt = performance.now();
    const log = openSync(join(this.folder, `${role}.log`), 'a');
    const child = spawn(
      process.execPath,
      [...ROLE_NODE_FLAGS, ...(this.#profiled ? profilingFlags(this.folder, role) : []), WINDLASS, role],
      {
        cwd: this.folder,
        env: { ...this.environment, ...extra },
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
    this.#processes.push(child);
    const ready = new Promise<string | null>((resolve, reject) => {
      child.on('message', (message: { type?: string; url?: string | null }) => message?.type === 'ready' && resolve(message.url ?? null));
      child.once('exit', (code) => reject(new Error(`windlass ${role} ended with code ${code}; see ${this.folder}/${role}.log`)));
    });
    const url = await Promise.race([ready, failAfter(START_DEADLINE_MS, `windlass ${role} is ready`)]);
    return { child, url: url ?? '', readyMs: performance.now() - startedAt };
  }

  /** Arguments for this Node to run one command. */
  commandLine(words: readonly string[]): string[] {
    return [WINDLASS, ...words];
  }

  /** Stops one process and waits for its end. */
  async end(child: ChildProcess): Promise<void> {
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await Promise.race([gone, failAfter(STOP_DEADLINE_MS, 'the process has stopped')]);
  }

  /** Waits until every shard has an owner, and no scheduler holds all of them when there are several. */
  async settled(): Promise<void> {
    await this.until('the schedulers share the shards', START_DEADLINE_MS, async () => {
      const { rows } = await this.query<{ owners: number; open: number }>(
        'select count(distinct owner)::int as owners, count(*) filter (where owner is null)::int as open from scheduler_shard',
      );
      return (rows[0]?.owners ?? 0) >= 2 && rows[0]?.open === 0;
    });
  }

  /** Waits until this many DAGs can be run. */
  async parsed(count: number, deadlineMs = 120_000): Promise<void> {
    await this.until(`${count} DAGs are parsed`, deadlineMs, async () => {
      const { rows } = await this.query<{ n: number }>('select count(*)::int as n from dag where version_id is not null and not is_stale');
      return (rows[0]?.n ?? 0) >= count;
    });
    await this.query('update dag set is_paused = false, revision = revision + 1 where is_paused');
    const { rows } = await this.query<{ dag_id: string }>('select dag_id from dag');
    this.#broker.ring('dags_changed', { dagIds: rows.map((row) => row.dag_id) });
  }

  /** Makes runs of these DAGs, as the API does, and rings. Returns their ids. */
  async trigger(dagIds: readonly string[], conf: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> {
    const runs = dagIds.map((dagId) => newRun(dagId, conf));
    const created = await createDagRuns(this.db, runs);
    if (created.size !== runs.length) throw new Error(`only ${created.size} of ${runs.length} runs were created`);
    this.#broker.ring('runs_changed', { dagIds: [...new Set(dagIds)] });
    return runs.map((run) => run.dagRunId);
  }

  /** Waits until all these runs have ended; throws unless every one was a success. */
  async ended(dagRunIds: readonly string[], deadlineMs = 300_000): Promise<void> {
    await this.until(
      `${dagRunIds.length} runs end`,
      deadlineMs,
      async () => {
        const { rows } = await this.query<{ open: number; failed: number }>(
          `select count(*) filter (where ended_at is null)::int as open, count(*) filter (where state = 'failed')::int as failed
           from dag_run where dag_run_id = any($1::uuid[])`,
          [dagRunIds],
        );
        if ((rows[0]?.failed ?? 0) > 0) throw new Error(`${rows[0]?.failed} runs of the benchmark failed; see ${this.folder}`);
        return rows[0]?.open === 0;
      },
      ENDED_POLL_MS,
    );
  }

  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<{ readonly rows: readonly Row[] }> {
    return this.db.pool.query<Row & Record<string, unknown>>(text, [...values]);
  }

  async until(what: string, deadlineMs: number, holds: () => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
    const startedAt = performance.now();
    while (!(await holds())) {
      if (performance.now() - startedAt > deadlineMs)
        throw new Error(`after ${deadlineMs / 1000} s still not: ${what}; see ${this.folder}`);
      await systemClock.sleep(pollMs);
    }
  }

  async #statements(): Promise<string> {
    const { rows } = await this.query<{ tasks: number }>("select count(*)::int as tasks from task_instance where state = 'success'");
    return printStatements(this.db, rows[0]?.tasks ?? 0);
  }

  async stop(): Promise<void> {
    const profiled = this.#profiled && this.#processes.length > 0;
    if (profiled) process.stdout.write(await this.#statements());
    const alive = this.#processes.filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = alive.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve())));
    for (const child of alive) child.kill('SIGTERM');
    await Promise.race([Promise.all(gone), systemClock.sleep(STOP_DEADLINE_MS)]);
    for (const child of alive) if (child.exitCode === null) child.kill('SIGKILL');
    await this.#broker.close();
    await this.db.close();
    if (profiled) process.stdout.write(`${printProfiles(this.folder)}\n`);
  }
}

function settings(servers: Servers, folder: string, database: string, url: string, options: ClusterOptions): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    DATABASE_URL: url,
    ...(options.broker === 'postgres' ? { WINDLASS_BROKER: 'postgres' } : { REDIS_URL: servers.redisUrl }),
    WINDLASS_BROKER_PREFIX: database,
    WINDLASS_SECRET_KEY: servers.secretKey,
    WINDLASS_ADMIN_PASSWORD: ADMIN_PASSWORD,
    WINDLASS_DAGS_FOLDER: join(folder, 'dags'),
    WINDLASS_PLUGINS_FOLDER: join(folder, 'plugins'),
    WINDLASS_LOGS_FOLDER: join(folder, 'logs'),
    WINDLASS_DATA_FOLDER: join(folder, 'data'),
    WINDLASS_SCRATCH_FOLDER: join(folder, 'scratch'),
    WINDLASS_WEB_PORT: '0',
    WINDLASS_MONITOR_PORT: '0',
    WINDLASS_LOG_FORMAT: 'json',
    ...options.environment,
  };
}

function newRun(dagId: string, conf: Readonly<Record<string, unknown>>): NewDagRun {
  const id = newId();
  return {
    dagRunId: id,
    dagId,
    runId: `manual__${id}`,
    runType: 'manual',
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: new Date(systemClock.now()),
    conf,
    triggeredBy: 'rest_api',
    triggeringUser: null,
    note: null,
  };
}

async function failAfter(ms: number, what: string): Promise<never> {
  await systemClock.sleep(ms);
  throw new Error(`after ${ms / 1000} s still not: ${what}`);
}
