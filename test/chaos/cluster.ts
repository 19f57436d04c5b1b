/** A whole Windlass of several processes for one chaos run, and the way the harness itself reaches its database. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { issueToken } from '#platform/auth/tokens.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { newSecret } from '#platform/clock.ts';
import { readConfig } from '#platform/config/config.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { copyDatabase } from '#platform/db/embedded-databases.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { LogDisk } from './log-disk.ts';
import { Member, type Role } from './member.ts';
import type { Servers } from './servers.ts';
import { LEASE_GRACE_MS, LEASE_RENEW_MS, LEASE_TTL_MS, RERING_AFTER_MS, SHARD_TTL_MS, TASK_KILL_GRACE_MS } from './settings.ts';
import { WATCHED_SHARDS } from './shard-log.ts';

/** A busy machine takes its time to start seven processes. */
const START_DEADLINE_MS = 180_000;
const PARSE_DEADLINE_MS = 180_000;
const TOKEN_TTL_MS = 24 * 3_600_000;

export interface ClusterOptions {
  readonly servers: Servers;
  /** Of its database, its queues and its folder. */
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly role: Role }[];
  readonly pools: Readonly<Record<string, number>>;
  readonly nodeFlags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The logs lie on a disk of their own, if that can be. */
  readonly hasLogDisk?: boolean;
  /** Changes to the database before anything starts. */
  readonly sql?: string;
}

export class Cluster {
  readonly servers: Servers;
  readonly name: string;
  /** Everything it writes outside of its database. */
  readonly folder: string;
  readonly members: readonly Member[];
  /** The harness's own way to Postgres: no proxy between. */
  readonly db: Database;
  readonly logsFolder: string;
  readonly logDisk: LogDisk | null;
  /** Processes that stood still together with their parent and went on, and when (ms since 1970). */
  readonly thawed: { readonly pid: number; readonly atMs: number }[] = [];
  /** The settings of its processes, but for their ways to Postgres and Redis. */
  readonly environment: Readonly<Record<string, string>>;
  /** A secret that must turn up nowhere in clear. */
  readonly sentinel: string;
  readonly token: string;

  private constructor(
    parts: Pick<Cluster, 'servers' | 'name' | 'folder' | 'logDisk' | 'members' | 'db' | 'environment' | 'sentinel' | 'token'>,
  ) {
    this.servers = parts.servers;
    this.name = parts.name;
    this.folder = parts.folder;
    this.logDisk = parts.logDisk;
    this.members = parts.members;
    this.db = parts.db;
    this.environment = parts.environment;
    this.sentinel = parts.sentinel;
    this.token = parts.token;
    this.logsFolder = join(parts.folder, 'logs');
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { servers, name } = options;
    const folder = join(servers.folder, name);
    for (const below of ['dags', 'plugins', 'logs', 'data', 'scratch']) mkdirSync(join(folder, below), { recursive: true });
    const db = await prepareDatabase(options);
    const logDisk = options.hasLogDisk === true ? LogDisk.mount(join(folder, 'logs')) : null;
    const { token } = await issueToken(db, { username: 'chaos', kind: 'api', ttlMs: TOKEN_TTL_MS });
    const sentinel = newSecret(18);
    const environment = { ...settings(name, folder, sentinel), ...options.environment };
    const members = await Promise.all(
      options.members.map((one) => Member.open({ ...one, servers, database: name, folder, environment, nodeFlags: options.nodeFlags })),
    );
    const cluster = new Cluster({ servers, name, folder, logDisk, members, db, environment, sentinel, token });
    for (const member of members) member.start();
    return cluster;
  }

  /** Resolves when every process is ready. */
  async ready(deadlineMs: number = START_DEADLINE_MS): Promise<void> {
    const missing = () => this.members.filter((member) => !member.isReady).map((member) => member.name);
    await until(() => missing().length === 0, { deadlineMs, pollMs: 50, what: 'every process is ready' }).catch((error: Error) => {
      throw new Error(`${error.message}; not yet: ${missing().join(', ')}; their logs are in ${this.folder}`);
    });
  }

  /** Saves files in the dags folder (name -> text), as a person does, and resolves when that many DAGs are known. */
  async save(files: Readonly<Record<string, string>>, dags: number): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, 'dags', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await until(
      async () => {
        const errors = await this.sql<{ message: string }>('select message from import_error');
        if (errors.length > 0) throw new Error(errors.map((row) => row.message).join('\n'));
        const known = await this.sql<{ n: number }>('select count(*)::int as n from dag where version_id is not null and not is_paused');
        return (known[0]?.n ?? 0) >= dags;
      },
      { deadlineMs: PARSE_DEADLINE_MS, pollMs: 100, what: `${dags} DAGs are known` },
    );
  }

  ofRole(role: Role): readonly Member[] {
    return this.members.filter((member) => member.role === role);
  }

  async sql<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.db.pool.query<Row>(text, [...values])).rows;
  }

  /** The harness's own way to the broker. */
  openBroker(): Promise<Broker> {
    const { servers, name, folder } = this;
    const all = { ...this.environment, DATABASE_URL: servers.databaseUrl(name), REDIS_URL: servers.redisUrl() };
    const settings = Object.fromEntries(Object.entries(all).filter(([key]) => /^(WINDLASS_(?!VAR_)|DATABASE_URL|REDIS_URL)/.test(key)));
    return openBroker(readConfig(settings, folder), this.db, quietLogger());
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    this.logDisk?.unmount();
    await this.db.close();
  }

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await this.db.close();
  }
}

async function prepareDatabase({ servers, name, pools, sql }: ClusterOptions): Promise<Database> {
  const open = (database: string) =>
    openDatabase({ url: servers.databaseUrl(database), applicationName: 'harness', logger: quietLogger(), maxConnections: 6 });
  const template = await servers.template();
  const admin = open('postgres');
  await copyDatabase(admin, template, name);
  await admin.close();
  const db = open(name);
  await db.pool.query(WATCHED_SHARDS);
  if (sql !== undefined) await db.pool.query(sql);
  // Nobody logs in with it: the harness acts with a token.
  await db.pool.query(`insert into app_user (username, password_hash, role) values ('chaos', 'none', 'admin')`);
  for (const [pool, slots] of Object.entries(pools)) await db.pool.query('insert into pool (name, slots) values ($1, $2)', [pool, slots]);
  return db;
}

function settings(name: string, folder: string, sentinel: string): Record<string, string> {
  const inFolder = (below: string) => join(folder, below);
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: process.env['TMPDIR'] ?? '/tmp',
    WINDLASS_BROKER: 'redis',
    WINDLASS_BROKER_PREFIX: name,
    WINDLASS_SECRET_KEY: createHash('sha256').update(sentinel).digest('hex'),
    WINDLASS_VAR_SENTINEL_PASSWORD: sentinel,
    WINDLASS_DAGS_FOLDER: inFolder('dags'),
    WINDLASS_PLUGINS_FOLDER: inFolder('plugins'),
    WINDLASS_LOGS_FOLDER: inFolder('logs'),
    WINDLASS_DATA_FOLDER: inFolder('data'),
    WINDLASS_SCRATCH_FOLDER: inFolder('scratch'),
    WINDLASS_WEB_PORT: '0',
    WINDLASS_MONITOR_PORT: '0',
    WINDLASS_DAGS_ARE_PAUSED_AT_CREATION: 'false',
    WINDLASS_LEASE_TTL_MS: String(LEASE_TTL_MS),
    WINDLASS_LEASE_RENEW_MS: String(LEASE_RENEW_MS),
    WINDLASS_LEASE_GRACE_MS: String(LEASE_GRACE_MS),
    WINDLASS_SHARD_LEASE_TTL_MS: String(SHARD_TTL_MS),
    WINDLASS_RERING_AFTER_MS: String(RERING_AFTER_MS),
    WINDLASS_SERVICE_HEARTBEAT_MS: '1000',
    WINDLASS_WORKER_SLOTS: '6',
    WINDLASS_WORKER_DRAIN_MS: '1000',
    WINDLASS_TASK_KILL_GRACE_MS: String(TASK_KILL_GRACE_MS),
    WINDLASS_LOG_FORMAT: 'json',
  };
}
