/**
 * Real Postgres for tests: one server a vitest run (global-setup.ts), a migrated template database, and a copy
 * of it for each test file in about 0.1 s.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { copyDatabase, dropDatabase, ensureDatabase } from '#platform/db/embedded-databases.ts';
import { migrate } from '#platform/db/migrate.ts';
import { findPostgresBinaries } from '#platform/embedded/postgres-binaries.ts';
import { ensureCluster } from '#platform/embedded/postgres-cluster.ts';
import { startPostgresServer } from '#platform/embedded/postgres-server.ts';
import { giveTo, unprivilegedUser } from '#platform/embedded/unprivileged-user.ts';
import { quietLogger } from '#platform/logger.ts';

/** Migrated, never connected to: the source of every test database. */
const TEMPLATE = 'windlass_template';

export interface TestPostgres {
  /** URL of the superuser for the database `postgres`; replace the path for another. */
  readonly url: string;
  /** What the server says. */
  log(): string;
  /** Starts it again at the same port if it has ended, as whoever looks after a server does. */
  startAgain(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const newFolder = () => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'windlass-test-postgres-'));

/** A server of its own, empty. Most tests want `createDatabase` instead. */
export async function startPostgres(given?: string, more: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const user = unprivilegedUser();
  const folder = given ?? newFolder();
  giveTo(folder, user);
  const binaries = findPostgresBinaries(user, join(tmpdir(), 'windlass-test-binaries'));
  const password = randomBytes(12).toString('hex');
  const data = join(folder, 'data');
  await ensureCluster({ folder: data, binaries, user, superuser: 'windlass', password });
  const logFile = join(mkdtempSync(join(tmpdir(), 'windlass-test-postgres-log-')), 'postgres.log');
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '256MB', ...more };
  const start = async (port?: number) => {
    const server = await startPostgresServer({ folder: data, binaries, user, logFile, settings, clock: systemClock, port });
    const state = { server, hasEnded: false };
    void server.ended.then(() => (state.hasEnded = true));
    return state;
  };
  let state = await start();
  const { port } = state.server;
  return {
    url: `postgres://windlass:${password}@127.0.0.1:${port}/postgres`,
    log: () => readFileSync(logFile, 'utf8'),
    async startAgain() {
      if (state.hasEnded) state = await start(port);
    },
    async stop() {
      await state.server.stop();
      rmSync(dirname(logFile), { recursive: true, force: true });
      // A folder that was given may be a mount of its own.
      rmSync(given === undefined ? folder : data, { recursive: true, force: true });
    },
  };
}

/** Makes the template; called once, by global-setup.ts. `fill` puts in what every test would make again. */
export async function createTemplate(serverUrl: string, fill: (db: Database) => Promise<void> = async () => {}): Promise<void> {
  const admin = openDatabase({ url: serverUrl, applicationName: 'test:setup', logger: quietLogger(), maxConnections: 1 });
  await ensureDatabase(admin, TEMPLATE);
  const template = openDatabase({ url: urlOf(serverUrl, TEMPLATE), applicationName: 'test:setup', logger: quietLogger() });
  await migrate(template);
  await fill(template);
  await template.close();
  await admin.close();
}

export interface TestDatabase {
  readonly url: string;
  readonly db: Database;
  /** Closes `db` and removes the database; other connections to it are cut. */
  drop(): Promise<void>;
}

/** A migrated database of the caller's own. Call in beforeAll, `drop()` in afterAll. Another server has to have the template. */
export async function createDatabase(serverUrl = inject('postgresUrl')): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin(serverUrl, (admin) => copyDatabase(admin, TEMPLATE, name));
  const url = urlOf(serverUrl, name);
  const db = openDatabase({ url, applicationName: `test:${name}`, logger: quietLogger() });
  return {
    url,
    db,
    async drop() {
      await db.close();
      await asAdmin(serverUrl, (admin) => dropDatabase(admin, name));
    },
  };
}

async function asAdmin(url: string, work: (admin: Database) => Promise<void>): Promise<void> {
  const admin = openDatabase({ url, applicationName: 'test:admin', logger: quietLogger(), maxConnections: 1 });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
