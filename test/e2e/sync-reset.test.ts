/**
 * Goal: a sync that somebody resets begins from the start with its next run, also when its process is killed after the reset and before the
 * first page, and what is told of it is true. Method: a scheduler and a worker with real task processes; Postgres to Postgres, and to
 * a lake folder.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '#platform/config/config.ts';
import { listSyncs, type SyncRow } from '#platform/db/queries/sync/list-syncs.ts';
import { listSyncsOf } from '#platform/db/queries/sync/list-syncs-of.ts';
import { askReset } from '#platform/sync/ask-reset.ts';
import { duck } from '#test/support/duckdb.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-sync-'));
const HOLD = join(folder, 'hold');
const HELD = join(folder, 'held');
const LAKE = join(folder, 'lake');
let shop: TestDatabase;
let windlass: WholeWindlass;

const DAG = `
import { existsSync, writeFileSync } from 'node:fs';
import { dag } from 'windlass';
import { lakeDestination, postgresDestination, postgresSource, sync, type SyncSource } from 'windlass/providers/sync';

const orders = postgresSource({ connection: 'shop', table: 'orders', cursor: 'id', pageRows: 3 });
// Waits before its first page while it is told to: the test kills it there.
const held: SyncSource = {
  name: orders.name,
  async *pages(ctx, state) {
    if (existsSync('${HOLD}')) {
      writeFileSync('${HELD}', String(process.pid));
      await new Promise(() => undefined);
    }
    yield* orders.pages(ctx, state);
  },
};
const SETTINGS = { isPausedUponCreation: false } as const;
const TASK = { retries: 2, retryDelay: '0s' } as const;

export const table = dag('to_table', SETTINGS, ({ task }) => {
  task('copy', sync('orders', { from: held, to: postgresDestination({ connection: 'shop', schema: 'copy', table: 'orders' }) }), TASK);
});
export const lake = dag('to_lake', SETTINGS, ({ task }) => {
  task('copy', sync('orders', { from: held, to: lakeDestination({ folder: '${LAKE}' }) }), TASK);
});
`;

beforeAll(async () => {
  shop = await createDatabase();
  await shop.db.pool.query(
    `create table orders (id int primary key, name text); insert into orders select n, 'order ' || n from generate_series(1, 7) n`,
  );
  windlass = await startWholeWindlass({ 'shop.ts': DAG }, { connections: new Map([['shop', new Secret(shop.url)]]) });
  await windlass.know('to_table', 'to_lake');
}, 60_000);
afterAll(async () => {
  await windlass?.close();
  await shop?.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function run(dagId: string): Promise<string> {
  return windlass.ended(await windlass.trigger(dagId));
}

async function streamOf(dagId: string): Promise<SyncRow> {
  const filters = [{ field: 'dag_id', operator: 'eq' as const, value: dagId }];
  const { rows } = await listSyncs(windlass.db, { filters, orderBy: [], limit: 2, offset: 0 });
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Kills the process of the next run before its first page. */
async function killedBeforeFirstPage(dagId: string): Promise<string> {
  writeFileSync(HOLD, '');
  rmSync(HELD, { force: true });
  const dagRunId = await windlass.trigger(dagId);
  await until(() => existsSync(HELD) && readFileSync(HELD, 'utf8') !== '', { what: 'the sync waits before its first page' });
  rmSync(HOLD);
  process.kill(Number(readFileSync(HELD, 'utf8')), 'SIGKILL');
  expect(await windlass.ended(dagRunId)).toBe('success');
  return dagRunId;
}

const ids = {
  to_table: async () =>
    (await shop.db.pool.query<{ id: number }>('select id::int as id from copy.orders order by id')).rows.map((row) => row.id),
  to_lake: async () =>
    (await duck(`select id::int from read_parquet('${LAKE}/*.parquet') order by id`)).map((row) => (row as unknown[])[0]),
};

describe.each(['to_table', 'to_lake'] as const)('%s', (dagId) => {
  it('is told of, reset, killed before its first page, and there once', async () => {
    expect(await run(dagId)).toBe('success');
    const row = await streamOf(dagId);
    expect(row).toMatchObject({ stream: 'orders', task_id: 'copy', rows_total: 7, last_state: 'success', last_rows: 7, last_pages: 3 });
    expect(await run(dagId)).toBe('success');
    expect(await ids[dagId]()).toEqual([1, 2, 3, 4, 5, 6, 7]);

    await askReset(windlass.db, row, 'remove', 'ann');
    const dagRunId = await killedBeforeFirstPage(dagId);
    expect(await ids[dagId]()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await streamOf(dagId)).toMatchObject({ rows_total: 7, reset_rows: null, was_reset_at: expect.any(Date), last_try_number: 2 });
    const [instance] = await windlass.sql<{ id: string }>('select task_instance_id as id from task_instance where dag_run_id = $1', [
      dagRunId,
    ]);
    // The first try began from the start, removed what was there and died; the second found nothing to remove and brought all.
    expect(await listSyncsOf(windlass.db, instance?.id ?? '')).toMatchObject([
      { try_number: 2, has_begun: true, state_before: null, rows: 7, pages: 3, reset_rows: null },
      {
        try_number: 1,
        has_begun: true,
        state_before: null,
        rows: 0,
        reset_rows: 'remove',
        reset_by: 'ann',
        reset_removed: dagId === 'to_lake' ? 3 : 7,
      },
    ]);
    const audits = await windlass.sql<{ action: string }>('select action from audit_log where dag_id = $1', [dagId]);
    expect(audits).toEqual([{ action: 'sync.reset_done' }]);
    if (dagId === 'to_lake') expect(readdirSync(LAKE).filter((name) => name.endsWith('.parquet'))).toHaveLength(3);
    expect(await windlass.result(dagRunId, 'copy')).toMatchObject({ stream: 'orders', rows: 7 });
  }, 90_000);
});
