/** A shop whose orders are synced to a table or a lake, for one test file: each test finds them as new. Importing it sets the hooks up. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { SyncResetRows } from '#core/sync/sync-report.ts';
import { listSyncs } from '#platform/db/queries/sync/list-syncs.ts';
import { askReset } from '#platform/sync/ask-reset.ts';
import type { Ctx } from '#sdk/context.ts';
import { withSyncListener } from '#sdk/runtime/sync-reports.ts';
import { duck } from '#test/support/duckdb.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import {
  lakeDestination,
  postgresDestination,
  postgresSource,
  type SyncDestination,
  type SyncSource,
  sync,
} from '../../providers/sync/index.ts';
import { endSyncing, startSyncing, supervisorOf } from '../support/syncing-attempt.ts';
import { aSpec, aTask, saveDag } from '../webserver/dag-fixtures.ts';
import { connectionFromUrl } from './postgres-connection.ts';

export let database: TestDatabase;
export let folder: string;
export let logs: string[];
export const connections: Record<string, unknown> = {};

export const ctx = (): Ctx<unknown> =>
  ({
    conn: async (id: string) => connections[id],
    signal: new AbortController().signal,
    log: { info: (text: string) => void logs.push(text), warn: () => undefined },
    heartbeat: () => undefined,
    scratch: folder,
  }) as never;
export const sql = async <Row>(text: string) => (await database.db.pool.query(text)).rows as Row[];
export const shop = () => postgresSource({ connection: 'db', table: 'orders', cursor: 'id', pageRows: 3 });
export const keyed = () => postgresDestination({ connection: 'db', schema: 'copy', table: 'keyed', key: ['id'] });
export const appended = () => postgresDestination({ connection: 'db', schema: 'copy', table: 'appended' });
export const lake = () => lakeDestination({ folder: join(folder, 'lake') });

beforeAll(async () => {
  database = await createDatabase();
  connections['db'] = connectionFromUrl(database.url);
  await saveDag(database.db, aSpec('copy', { tasks: [aTask('orders')] }));
});
afterAll(() => database.drop());
beforeEach(async () => {
  logs = [];
  folder = mkdtempSync(join(tmpdir(), 'windlass-sync-reset-'));
  await sql(`drop schema if exists copy cascade; drop table if exists orders; delete from sync_stream; delete from audit_log;
    create table orders (id int primary key, name text);
    insert into orders select n, 'order ' || n from generate_series(1, 8) n`);
  return () => rmSync(folder, { recursive: true, force: true });
});

/** A run of the task, as a worker would answer it. */
export async function run(to: SyncDestination, from: SyncSource = shop(), stream = 'orders'): Promise<{ rows: number; pages: number }> {
  const task = await startSyncing(database.db, 'copy', 'orders');
  try {
    const result = await withSyncListener(supervisorOf(database.db, task), () => sync(stream, { from, to })(ctx()));
    await endSyncing(database.db, task, 'success');
    return result;
  } catch (error) {
    await endSyncing(database.db, task, 'failed', (error as Error).message);
    throw error;
  }
}

export async function only() {
  const { rows } = await listSyncs(database.db, { filters: [], orderBy: [], limit: 10, offset: 0 });
  expect(rows).toHaveLength(1);
  return rows[0]!;
}
export const ask = async (rows: SyncResetRows | null) => askReset(database.db, await only(), rows, 'ann');
export const idsOf = async (table: string) =>
  (await sql<{ id: number }>(`select id::int as id from copy.${table} order by id`)).map((row) => row.id);
export const idsInLake = async () =>
  (await duck(`select id::int from read_parquet('${folder}/lake/*.parquet') order by id`)).map((row) => (row as unknown[])[0]);
export const files = () => readdirSync(join(folder, 'lake')).filter((name) => name.endsWith('.parquet'));
export const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];
export const TWICE = EIGHT.flatMap((id) => [id, id]);
