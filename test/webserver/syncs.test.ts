/** Goal: streams are listed and reset over REST as people may. Method: the real server over a database in which attempts have reported. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noteSyncProgress } from '#platform/db/queries/sync/note-sync-progress.ts';
import { openSync } from '#platform/db/queries/sync/open-sync.ts';
import { endSyncing, startSyncing } from '../support/syncing-attempt.ts';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
const ids = new Map<string, number>();

async function reported(dagId: string, stream: string, end: 'success' | 'failed' | null, to = `lake /lake/${stream}`): Promise<void> {
  const task = await startSyncing(web.db, dagId, 'copy');
  const resets = to.startsWith('own')
    ? null
    : to.startsWith('lake')
      ? ({ rowsAre: 'added', removes: 'files' } as const)
      : ({ rowsAre: 'replaced', removes: 'table' } as const);
  const opened = await openSync(web.db, task, { stream, source: 'rest https://shop.example/orders', destination: to, resets });
  const syncId = opened?.syncId ?? 0;
  ids.set(stream, syncId);
  await noteSyncProgress(web.db, task, { syncId, before: null, state: { after: ['5'] }, rows: 5, pages: 2, removed: null });
  if (end !== null) await endSyncing(web.db, task, end, end === 'failed' ? 'the API is away' : null);
}

beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('shop', { tasks: [aTask('copy')] }));
  await saveDag(web.db, aSpec('bank', { tasks: [aTask('copy')] }), { isPaused: true });
});
afterAll(() => web.stop());
beforeEach(async () => {
  await web.db.pool.query('delete from sync_stream; delete from audit_log');
  await reported('shop', 'orders', 'success');
  await reported('shop', 'items', 'failed');
  await reported('bank', 'payments', null, 'postgres dw.payments (warehouse)');
  await reported('bank', 'mine', 'success', 'own place');
});

const list = async (query = '') =>
  (await web.request('GET', `/api/v2/syncs${query}`)).json as { syncs: Record<string, unknown>[]; total_entries: number };
const names = async (query: string) => (await list(query)).syncs.map((sync) => sync['stream']);
const reset = (stream: string, body: object = {}, options = {}) =>
  web.request('POST', `/api/v2/syncs/${ids.get(stream)}/reset`, { body, ...options });
const audits = async () =>
  (await web.db.pool.query<object>('select actor, action, dag_id, task_id, extra - $1 as extra from audit_log order by audit_id', ['ip']))
    .rows;

describe('streams', () => {
  it('are listed in the documented shape, by name', async () => {
    const { syncs, total_entries } = await list();
    expect(total_entries).toBe(4);
    expect(syncs.map((sync) => sync['stream'])).toEqual(['items', 'mine', 'orders', 'payments']);
    expect(syncs[0]).toEqual({
      id: ids.get('items'),
      stream: 'items',
      dag_id: 'shop',
      dag_is_paused: false,
      task_id: 'copy',
      source: 'rest https://shop.example/orders',
      destination: 'lake /lake/items',
      rows_are: 'added',
      removes: 'files',
      position: { after: ['5'] },
      rows_total: 5,
      updated_at: expect.any(String),
      last_attempt: {
        state: 'failed',
        dag_run_id: expect.stringMatching(/^manual__/),
        map_index: -1,
        try_number: 1,
        rows: 5,
        pages: 2,
        removed: null,
        start_date: expect.any(String),
        end_date: expect.any(String),
        error: 'the API is away',
      },
      reset: null,
      last_reset_at: null,
    });
    expect((await web.request('GET', `/api/v2/syncs/${ids.get('items')}`)).json).toEqual(syncs[0]);
    expect((await web.request('GET', '/api/v2/syncs/999999')).status).toBe(404);
  });

  it.for([
    ['?search=WAREHOUSE', ['payments']],
    ['?search=shop.copy', ['items', 'orders']],
    ['?dag_id=bank', ['mine', 'payments']],
    ['?stream=orders', ['orders']],
    ['?state=failed&state=running', ['items', 'payments']],
    ['?is_reset_pending=true', []],
    ['?order_by=-stream&limit=2', ['payments', 'orders']],
    ['?order_by=-last_attempt&limit=1', ['mine']],
  ] as const)('are found by %s', async ([query, found]) => {
    expect(await names(query)).toEqual(found);
  });
});

describe('a reset', () => {
  it('waits for the next run, says who asked, and stands in the audit log', async () => {
    const answer = await reset('orders', { rows: 'remove' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      stream: 'orders',
      position: { after: ['5'] },
      reset: { rows: 'remove', requested_by: 'admin', requested_at: expect.any(String), held_by: [], has_begun: false },
    });
    expect(await names('?is_reset_pending=true')).toEqual(['orders']);
    expect((await reset('orders', { rows: 'keep' })).json).toMatchObject({
      detail: expect.stringContaining('begins from the start already'),
    });
    const withdrawn = await web.request('DELETE', `/api/v2/syncs/${ids.get('orders')}/reset`);
    expect(withdrawn).toMatchObject({ status: 200, json: { reset: null } });
    expect((await web.request('DELETE', `/api/v2/syncs/${ids.get('orders')}/reset`)).status).toBe(409);
    const about = { actor: 'admin', dag_id: 'shop', task_id: 'copy' };
    const extra = { stream: 'orders', destination: 'lake /lake/orders' };
    expect(await audits()).toEqual([
      { ...about, action: 'sync.reset', extra: { ...extra, rows: 'remove' } },
      { ...about, action: 'sync.reset_withdraw', extra },
    ]);
  });

  it('keeps the rows of a stream with a key unless told otherwise, and has to be told for one that only adds', async () => {
    expect((await reset('payments')).json).toMatchObject({ reset: { rows: 'keep' } });
    expect(await reset('orders')).toMatchObject({ status: 400, json: { detail: expect.stringContaining('only adds rows') } });
    expect((await reset('orders', { rows: 'some' })).status).toBe(422);
  });

  it('is refused where it would lie: of a destination that does not say how, and of a table that others go to', async () => {
    expect(await reset('mine', { rows: 'keep' })).toMatchObject({ status: 409, json: { detail: expect.stringContaining('of your own') } });
    await reported('shop', 'refunds', 'success', 'postgres dw.payments (warehouse)');
    expect(await reset('payments', { rows: 'remove' })).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('"refunds" goes to postgres dw.payments (warehouse), too') },
    });
    expect(await audits()).toEqual([]);
  });

  it('may be asked for by users, not by viewers', async () => {
    expect((await reset('orders', { rows: 'keep' }, { role: 'viewer' })).status).toBe(403);
    expect((await web.request('GET', '/api/v2/syncs', { role: 'viewer' })).status).toBe(200);
    expect((await reset('orders', { rows: 'keep' }, { role: 'user' })).status).toBe(200);
  });
});
