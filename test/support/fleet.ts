/**
 * Real processes (`windlass scheduler`, `worker`, …) over one Postgres and one broker of a test's own, in any number. The
 * bodies of tasks write down that they ran (`ledger`), so the database is not its own witness.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newId, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { startBroker, type TestBroker } from './broker.ts';
import { testConfig } from './config.ts';
import { createDatabase, type TestDatabase } from './postgres.ts';
import { BIN } from './process-tree.ts';
import { until } from './until.ts';
import { cleanEnvironment } from './windlass-process.ts';

export type Role = 'scheduler' | 'worker' | 'triggerer' | 'webserver' | 'monitor';

export interface Member {
  readonly role: Role;
  readonly child: ChildProcess;
  /** Where it serves, if it does. */
  readonly url: string | null;
  /** All that it logged: one JSON object a line. */
  log(): string;
  hasEnded(): boolean;
  /** Sends the signal; resolves with the exit code, null when it was killed. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves with the exit code when it ends by itself, which the test expects. */
  stopsByItself(): Promise<number | null>;
}

export interface MemberOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Modules loaded before the program: they make it an older or a newer one. */
  readonly preload?: readonly string[];
  /** False: do not wait until it says that it is ready. */
  readonly wait?: boolean;
}

export interface Fleet {
  readonly config: Config;
  readonly database: TestDatabase;
  readonly broker: TestBroker;
  readonly members: readonly Member[];
  start(role: Role, options?: MemberOptions): Promise<Member>;
  /** Resolves when the DAG processor has read the DAGs. */
  know(...dagIds: string[]): Promise<void>;
  /** Makes a run as the API does, but rings nobody: a sweep has to find it. */
  trigger(dagId: string): Promise<string>;
  states(dagRunId: string): Promise<Readonly<Record<string, string>>>;
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Waits until all runs have ended; returns how many ended in which state. */
  allEnded(deadlineMs: number): Promise<Readonly<Record<string, number>>>;
  /** What bodies wrote: one line each. */
  ledger(): readonly string[];
  /** Ends everything; throws when a member had ended that nobody stopped, or when an invariant is broken. */
  close(): Promise<void>;
}

/** What a DAG file of a fleet begins with: `await note(ctx)` writes a line into the ledger. */
export const LEDGER = `
import { appendFileSync } from 'node:fs';
const note = (ctx) => appendFileSync(LEDGER_FILE, ctx.run.id + ' ' + ctx.task.id + ' ' + (ctx.task.mapIndex ?? -1) + '\\n');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 60_000;

export async function startFleet(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  serverUrl?: string,
): Promise<Fleet> {
  const database = await createDatabase(serverUrl);
  const broker = await startBroker(database);
  const config = testConfig(broker.settings);
  const ledgerFile = join(config.dataFolder, 'ledger.txt');
  for (const [name, text] of Object.entries(files)) {
    const file = join(config.dagsFolder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text.replaceAll('LEDGER_FILE', JSON.stringify(ledgerFile)));
  }
  const shared = {
    ...broker.environment,
    ...environmentOf(config, database.url),
    ...environment,
  };
  const members: Member[] = [];
  const stopped = new Set<Member>();
  const sql = async <Row>(text: string, values: unknown[] = []) => (await database.db.pool.query(text, values)).rows as Row[];

  return {
    config,
    database,
    broker,
    members,
    sql,
    async start(role, options = {}) {
      const started = await startMember(role, { ...options, environment: { ...shared, ...options.environment } });
      const member: Member = {
        ...started,
        stop(signal) {
          stopped.add(member);
          return started.stop(signal);
        },
        stopsByItself() {
          stopped.add(member);
          return started.stopsByItself();
        },
      };
      members.push(member);
      return member;
    },
    async know(...dagIds) {
      await until(
        async () => {
          const errors = await sql<{ message: string }>('select message from import_error');
          if (errors.length > 0) throw new Error(errors.map((row) => row.message).join('\n'));
          return (await sql('select 1 from dag where dag_id = any($1) and version_id is not null', [dagIds])).length === dagIds.length;
        },
        { deadlineMs: START_DEADLINE_MS, what: `the DAG processor knows ${dagIds.join(', ')}`, pollMs: 100 },
      );
    },
    async trigger(dagId) {
      const dagRunId = newId();
      const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
      await createDagRuns(database.db, [
        {
          dagRunId,
          dagId,
          runId: `manual__${dagRunId}`,
          runType: 'manual',
          conf: {},
          runAfter: new Date(systemClock.now() - 1_000),
          ...none,
          triggeredBy: 'test',
        },
      ]);
      return dagRunId;
    },
    async states(dagRunId) {
      const rows = await sql<{ task_id: string; map_index: number; state: string }>(
        'select task_id, map_index, state from task_instance where dag_run_id = $1 order by task_id, map_index',
        [dagRunId],
      );
      return Object.fromEntries(rows.map((row) => [row.map_index < 0 ? row.task_id : `${row.task_id}[${row.map_index}]`, row.state]));
    },
    async allEnded(deadlineMs) {
      await until(async () => (await sql(`select 1 from dag_run where state in ('queued', 'running') limit 1`)).length === 0, {
        what: 'all runs have ended',
        deadlineMs,
        pollMs: 100,
      });
      const rows = await sql<{ state: string; n: number }>('select state, count(*)::int as n from dag_run group by state');
      return Object.fromEntries(rows.map((row) => [row.state, row.n]));
    },
    ledger: () => (existsSync(ledgerFile) ? readFileSync(ledgerFile, 'utf8').split('\n').filter(Boolean) : []),
    async close() {
      const unasked = members.filter((member) => member.hasEnded() && !stopped.has(member));
      await Promise.all(members.map((member) => member.stop()));
      const broken = (await checkInvariants(database.db, 86_400_000)).filter((one) => one.violations.length > 0 || one.error !== null);
      await broker.stop();
      await database.drop();
      if (broken.length > 0) throw new Error(`invariants are broken: ${JSON.stringify(broken, null, 2)}`);
      const words = unasked.map((member) => `${member.role}: ${member.log().slice(-3_000)}`);
      if (words.length > 0) throw new Error(`processes ended that nobody had stopped:\n${words.join('\n')}`);
    },
  };
}

function environmentOf(config: Config, databaseUrl: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    WINDLASS_SECRET_KEY: config.secretKey.reveal(),
    WINDLASS_ADMIN_PASSWORD: 'admin-password',
    WINDLASS_DATA_FOLDER: config.dataFolder,
    WINDLASS_DAGS_FOLDER: config.dagsFolder,
    WINDLASS_PLUGINS_FOLDER: config.pluginsFolder,
    WINDLASS_LOGS_FOLDER: config.logsFolder,
    WINDLASS_SCRATCH_FOLDER: config.scratchFolder,
    WINDLASS_DAGS_ARE_PAUSED_AT_CREATION: 'false',
    WINDLASS_SERVICE_HEARTBEAT_MS: '500',
    // What is rung and lost, and what nobody rang for, is found soon: the sweep comes twice within this.
    WINDLASS_RERING_AFTER_MS: '2000',
    WINDLASS_WEB_PORT: '0',
    WINDLASS_MONITOR_PORT: '0',
    WINDLASS_LOG_FORMAT: 'json',
    WINDLASS_LOG_LEVEL: 'info',
  };
}

async function startMember(role: Role, options: MemberOptions): Promise<Member> {
  const preload = (options.preload ?? []).flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...preload, BIN, role], {
    env: cleanEnvironment(options.environment),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (log += text));
  let url: string | null | undefined;
  child.on('message', (message: { type?: string; url?: string | null }) => {
    if (message.type === 'ready') url = message.url ?? null;
  });
  let over = false;
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      over = true;
      resolve(code);
    }),
  );
  if (options.wait !== false)
    await until(() => url !== undefined || over, { what: `the ${role} is ready`, deadlineMs: START_DEADLINE_MS }).catch((error: Error) => {
      child.kill('SIGKILL');
      throw new Error(`${error.message}; it said:\n${log}`);
    });
  if (options.wait !== false && over) throw new Error(`the ${role} ended at its start; it said:\n${log}`);
  return {
    role,
    child,
    url: url ?? null,
    stopsByItself: () => ended,
    log: () => log,
    hasEnded: () => over,
    async stop(signal = 'SIGTERM') {
      if (over) return ended;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
  };
}
