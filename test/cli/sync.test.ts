// Goal: how far each stream came is listed, and one is begun from the start by its name. Method: the real bin over a real database, in which
// attempts have reported as workers write it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noteSyncProgress } from '#platform/db/queries/sync/note-sync-progress.ts';
import { openSync } from '#platform/db/queries/sync/open-sync.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { endSyncing, startSyncing } from '../support/syncing-attempt.ts';
import { windlass } from '../support/windlass-process.ts';
import { aSpec, aTask, saveDag } from '../webserver/dag-fixtures.ts';

let database: TestDatabase;

interface Reported {
  readonly stream: string;
  readonly taskId?: string;
  readonly to?: string;
  readonly rowsAre?: 'replaced' | 'added';
  readonly rows: number;
  readonly after: readonly string[];
  readonly error?: string;
}

async function reported({
  stream,
  taskId = 'orders',
  to = 'postgres copy.orders (db)',
  rowsAre = 'replaced',
  ...more
}: Reported): Promise<void> {
  const { db } = database;
  const task = await startSyncing(db, 'copy', taskId);
  const removes = to.startsWith('lake') ? 'files' : 'table';
  const opened = await openSync(db, task, { stream, source: 'postgres public.orders', destination: to, resets: { rowsAre, removes } });
  const progress = { before: null, state: { after: more.after }, rows: more.rows, pages: 1, removed: null };
  await noteSyncProgress(db, task, { syncId: opened?.syncId ?? 0, ...progress });
  await endSyncing(db, task, more.error === undefined ? 'success' : 'failed', more.error);
}

beforeAll(async () => {
  database = await createDatabase();
  await saveDag(database.db, aSpec('copy', { tasks: [aTask('orders'), aTask('other')] }), { isPaused: true });
  await reported({ stream: 'orders', rows: 10, after: ['2026-01-01', '10'] });
  await reported({ stream: 'orders', rows: 2, after: ['2026-01-02', '12'], error: 'the source is away' });
  await reported({ stream: 'orders', taskId: 'other', to: 'lake /lake/orders', rowsAre: 'added', rows: 7, after: ['7'] });
  await reported({ stream: 'files', taskId: 'other', to: 'lake /lake/files', rowsAre: 'added', rows: 3, after: ['3'] });
});
afterAll(() => database.drop());

const sync = (...args: string[]) => windlass(['sync', ...args], { environment: { DATABASE_URL: database.url } });
const audits = async () =>
  (
    await database.db.pool.query<{ action: string; actor: string; extra: object }>(
      'select action, actor, extra from audit_log order by audit_id',
    )
  ).rows;
const wishes = async () =>
  (
    await database.db.pool.query<{ rows: string; by: string; open: boolean }>(
      'select rows, requested_by as by, withdrawn_at is null as open from sync_reset order by requested_at',
    )
  ).rows;

test('each stream is listed with its last attempt, and with the rows of all', async () => {
  const listed = JSON.parse((await sync('list', '--json')).stdout) as Record<string, unknown>[];
  expect(listed.map((row) => `${row['stream']} ${row['task']}`)).toEqual(['files copy.other', 'orders copy.orders', 'orders copy.other']);
  expect(listed[1]).toEqual({
    stream: 'orders',
    task: 'copy.orders',
    source: 'postgres public.orders',
    destination: 'postgres copy.orders (db)',
    last: expect.any(String),
    state: 'failed',
    rows: 2,
    removed: null,
    rows_total: 12,
    position: { after: ['2026-01-02', '12'] },
    reset: null,
    error: 'the source is away',
  });
  expect((await sync('list', '--dag-id', 'another')).stderr).toMatch(/No task has synced anything here/);
  expect(JSON.parse((await sync('list', '--days', '1', '--json')).stdout)).toHaveLength(3);
}, 60_000);

test('a reset says what would happen, and does nothing until it is said to', async () => {
  const dry = await sync('reset', 'orders', '--task-id', 'orders', '--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stderr).toMatch(
    /copy\.orders: The next run reads the source of "orders" from the start\. The rows in postgres copy\.orders \(db\) stay/,
  );
  expect(dry.stderr).toMatch(/Nothing was done/);
  expect((await sync('reset', 'orders', '--task-id', 'orders', '--remove-rows', '--dry-run')).stderr).toMatch(
    /removes all rows of postgres copy\.orders/,
  );
  const asked = await sync('reset', 'orders', '--task-id', 'orders');
  expect(asked.code).toBe(1);
  expect(asked.stderr).toMatch(/Say --yes to do it, or --dry-run/);
  expect(await wishes()).toEqual([]);
  expect(await audits()).toEqual([]);
}, 60_000);

test('what is not clear is refused with what to say', async () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await sync('reset', ...args, '--yes');
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refused('nothing')).toMatch(/No task has synced a stream "nothing"\. See: windlass sync list/);
  expect(await refused('orders')).toMatch(
    /copy\.orders to postgres copy\.orders \(db\); copy\.other to lake \/lake\/orders\. Say which by --dag-id, --task-id or --to/,
  );
  expect(await refused('files')).toMatch(/"files" only adds rows.*Say --remove-rows or --keep-rows/);
  expect(await refused('files', '--keep-rows', '--remove-rows')).toMatch(/Say one of --keep-rows, --remove-rows and --withdraw/);
  expect(await refused('files', '--withdraw')).toMatch(/No reset of "files" waits/);
  expect(await wishes()).toEqual([]);
}, 60_000);

test('a reset is left for the next run, listed, and withdrawn again', async () => {
  const made = await sync('reset', 'orders', '--to', 'lake /lake/orders', '--remove-rows', '--yes');
  expect(made).toMatchObject({ code: 0 });
  expect(made.stderr).toMatch(/The next run removes the files that "orders" has written to lake \/lake\/orders/);
  expect(made.stderr).toMatch(/The next run of copy\.other begins "orders" from the start\. copy is paused: windlass dags unpause copy/);
  const listed = JSON.parse((await sync('list', '--json')).stdout) as Record<string, unknown>[];
  expect(listed.map((row) => row['reset'])).toEqual([null, null, 'with the next run: rows are removed, by cli']);
  expect((await sync('reset', 'orders', '--task-id', 'other', '--keep-rows', '--yes')).stderr).toMatch(
    /begins from the start already, as cli asked for/,
  );
  expect((await sync('reset', 'orders', '--task-id', 'other', '--withdraw')).stderr).toMatch(/goes on where it stopped/);
  expect(await wishes()).toEqual([{ rows: 'remove', by: 'cli', open: false }]);
  const extra = { stream: 'orders', destination: 'lake /lake/orders' };
  expect(await audits()).toEqual([
    { action: 'sync.reset', actor: 'cli', extra: { ...extra, rows: 'remove' } },
    { action: 'sync.reset_withdraw', actor: 'cli', extra },
  ]);
}, 60_000);
