/**
 * Goal: a stream that somebody wants to begin from the start does so once, with the rows that are there kept or removed as was asked. Method:
 * real destinations and the database's own answers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { listSyncs } from '#platform/db/queries/sync/list-syncs.ts';
import { askReset, withdrawReset } from '#platform/sync/ask-reset.ts';
import { withSyncListener } from '#sdk/runtime/sync-reports.ts';
import { startBigQueryEmulator } from '../../emulators/bigquery/bigquery-server.ts';
import { startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import {
  bigqueryDestination,
  lakeDestination,
  postgresDestination,
  type SyncDestination,
  type SyncSource,
  sync,
} from '../../providers/sync/index.ts';
import { endSyncing, startSyncing, supervisorOf } from '../support/syncing-attempt.ts';
import {
  appended,
  ask,
  connections,
  ctx,
  database,
  EIGHT,
  files,
  folder,
  idsInLake,
  idsOf,
  keyed,
  lake,
  logs,
  only,
  run,
  shop,
  sql,
  TWICE,
} from './sync-reset-harness.ts';

describe('what is heard of a stream', () => {
  it('is where it came from and goes to, how far it came, and what its last attempt did', async () => {
    await run(keyed());
    await sql(`insert into orders values (9, 'new')`);
    await run(keyed());
    expect(await only()).toMatchObject({
      stream: 'orders',
      dag_id: 'copy',
      task_id: 'orders',
      source: 'postgres public.orders',
      destination: 'postgres copy.keyed (db)',
      rows_are: 'replaced',
      removes: 'table',
      state: { after: ['9'] },
      rows_total: 9,
      last_state: 'success',
      last_rows: 1,
      last_pages: 1,
      last_error: null,
      reset_rows: null,
    });
    expect(await sql('select state_before, state_after, rows::int, pages::int from sync_attempt order by opened_at')).toEqual([
      { state_before: null, state_after: { after: ['8'] }, rows: 8, pages: 3 },
      { state_before: { after: ['8'] }, state_after: { after: ['9'] }, rows: 1, pages: 1 },
    ]);
  });

  it('is there of an attempt that failed in the middle, with its error', async () => {
    const breaks: SyncSource = {
      name: 'breaks',
      async *pages(context, state) {
        for await (const page of shop().pages(context, state)) {
          yield page;
          throw new Error('the source is gone');
        }
      },
    };
    await expect(run(keyed(), breaks)).rejects.toThrow('the source is gone');
    expect(await only()).toMatchObject({ state: { after: ['3'] }, rows_total: 3, last_state: 'failed', last_error: 'the source is gone' });
    await expect(run(postgresDestination({ connection: 'away', table: 'x' }))).rejects.toThrow();
    const { rows } = await listSyncs(database.db, {
      filters: [],
      orderBy: [{ field: 'updated_at', descending: true }],
      limit: 10,
      offset: 0,
    });
    expect(rows[0]).toMatchObject({ destination: 'postgres public.x (away)', last_state: 'failed', last_rows: 0 });
  });

  it('is refused from an attempt that has lost its lease', async () => {
    const task = await startSyncing(database.db, 'copy', 'orders');
    await endSyncing(database.db, task, 'lost');
    const late = withSyncListener(supervisorOf(database.db, task), () => sync('orders', { from: shop(), to: keyed() })(ctx()));
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await sql('select from sync_stream')).toEqual([]);
  });
});

describe('a stream that begins from the start', () => {
  it('with a key replaces the rows that are there, and keeps those that the source has no more', async () => {
    await run(keyed());
    await sql(`delete from orders where id = 8; update orders set name = 'other' where id = 1`);
    expect(await ask(null)).toBe('keep');
    expect(await run(keyed())).toMatchObject({ rows: 7 });
    expect(await idsOf('keyed')).toEqual(EIGHT);
    expect(await sql('select name from copy.keyed where id = 1')).toEqual([{ name: 'other' }]);
    expect(logs).toContain('postgres copy.keyed (db) begins from the start, as ann asked for: the rows stay');
    expect(await only()).toMatchObject({ rows_total: 7, reset_rows: null, was_reset_at: expect.any(Date) });
    // Once: the next run goes on.
    expect(await run(keyed())).toMatchObject({ rows: 0 });
  });

  it('removes the rows of the table when that is asked for, and says how many in the audit log', async () => {
    await run(keyed());
    await sql('delete from orders where id = 8');
    await ask('remove');
    expect(await run(keyed())).toMatchObject({ rows: 7 });
    expect(await idsOf('keyed')).toEqual(EIGHT.slice(0, 7));
    expect(logs).toContain('postgres copy.keyed (db) begins from the start, as ann asked for: 8 rows removed');
    expect(await sql('select actor, action, dag_id, task_id, extra from audit_log')).toEqual([
      {
        actor: 'worker',
        action: 'sync.reset_done',
        dag_id: 'copy',
        task_id: 'orders',
        extra: { stream: 'orders', destination: 'postgres copy.keyed (db)', rows: 'remove', removed: 8, requested_by: 'ann' },
      },
    ]);
  });

  it('without a key has to be told what becomes of the rows: they are removed, or there twice', async () => {
    await run(appended());
    await expect(ask(null)).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('only adds rows') });
    await ask('remove');
    await run(appended());
    expect(await idsOf('appended')).toEqual(EIGHT);
    await ask('keep');
    await run(appended());
    expect(await idsOf('appended')).toEqual(TWICE);
  });

  it('into a lake removes the files that it wrote, and nothing else that lies there', async () => {
    await run(lake());
    await run(lake(), shop(), 'orders-00000001');
    writeFileSync(join(folder, 'lake/orders-1.parquet'), 'of somebody else');
    // As of an attempt that died before it counted its page.
    writeFileSync(join(folder, 'lake/orders-00000003.parquet'), 'half a page');
    const { rows } = await listSyncs(database.db, {
      filters: [{ field: 'stream', operator: 'eq', value: 'orders' }],
      orderBy: [],
      limit: 1,
      offset: 0,
    });
    await askReset(database.db, rows[0]!, 'remove', 'ann');
    await run(lake());
    expect(files().filter((name) => /^orders-\d+\.parquet$/.test(name))).toEqual([
      'orders-00000004.parquet',
      'orders-00000005.parquet',
      'orders-00000006.parquet',
      'orders-1.parquet',
    ]);
    expect(files().filter((name) => name.startsWith('orders-00000001-'))).toHaveLength(3);
    expect(logs).toContain(`lake ${folder}/lake begins from the start, as ann asked for: 4 files removed`);
  });

  it('into a lake keeps its files under other names than the new ones have', async () => {
    await run(lake());
    await ask('keep');
    await run(lake());
    expect(await idsInLake()).toEqual(TWICE);
    expect(files()).toHaveLength(6);
  });

  it('may have other columns in a lake then, as the first page of a new one', async () => {
    await run(lake());
    await sql(`alter table orders alter column name type int using 1`);
    await sql(`insert into orders values (9, 2)`);
    await expect(run(lake())).rejects.toThrow('column "name" was Utf8 and is Int64');
    await ask('remove');
    expect(await run(lake())).toMatchObject({ rows: 9 });
  });

  it('does not begin from the start when the wish is withdrawn before a run was told, and then cannot be any more', async () => {
    await run(keyed());
    await ask('keep');
    await expect(ask('remove')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('begins from the start already'),
    });
    await withdrawReset(database.db, await only(), 'bob');
    expect(await run(keyed())).toMatchObject({ rows: 0 });
    await ask('keep');
    const away: SyncDestination = { ...keyed(), open: () => Promise.reject(new Error('the destination is away')) };
    await expect(run(away)).rejects.toThrow('is away');
    await expect(withdrawReset(database.db, await only(), 'bob')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(ask('keep')).rejects.toThrow('its retry or the next run will');
    expect(await run(keyed())).toMatchObject({ rows: 8 });
  });

  it('stops a run that was under way: it writes nothing more, and its retry goes on from what is there', async () => {
    await run(appended());
    await sql(`insert into orders select n, 'late' from generate_series(9, 14) n`);
    let overtaken = false;
    const slow: SyncSource = {
      name: 'slow',
      async *pages(context, state) {
        for await (const page of shop().pages(context, state)) {
          yield page;
          if (overtaken) continue;
          overtaken = true;
          await ask('remove');
          await run(appended());
        }
      },
    };
    await expect(run(appended(), slow)).rejects.toThrow('Another run has moved "orders" on meanwhile');
    expect(await run(appended())).toMatchObject({ rows: 0 });
    expect(await idsOf('appended')).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
  });

  it('of two runs that begin at once is done once, by the one that was told last', async () => {
    for (const to of [appended, lake]) {
      await sql('delete from sync_stream');
      await run(to());
      await ask('remove');
      const first: SyncDestination = {
        ...to(),
        async open(context, stream) {
          const opened = await to().open(context, stream);
          await run(to());
          return opened;
        },
      };
      await expect(run(first)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('was told to reset it, too'),
      });
      expect(await run(to())).toMatchObject({ rows: 0 });
    }
    expect(await idsOf('appended')).toEqual(EIGHT);
    expect(await idsInLake()).toEqual(EIGHT);
  });

  it('is refused to remove rows of a table that another stream goes to', async () => {
    await run(keyed());
    await run(keyed(), shop(), 'orders_eu');
    const { rows } = await listSyncs(database.db, { filters: [], orderBy: [{ field: 'stream', descending: false }], limit: 2, offset: 0 });
    await expect(askReset(database.db, rows[0]!, 'remove', 'ann')).rejects.toThrow('"orders_eu" goes to postgres copy.keyed (db), too');
    expect(await askReset(database.db, rows[0]!, 'keep', 'ann')).toBe('keep');
  });

  it('is held while another stream goes to the table that has come there since, and can be withdrawn', async () => {
    await run(keyed());
    await ask('remove');
    await run(keyed(), shop(), 'orders_eu');
    expect(await run(keyed())).toMatchObject({ rows: 0 });
    expect(await idsOf('keyed')).toEqual(EIGHT);
    const ofOrders = async () => {
      const filters = [{ field: 'stream', operator: 'eq' as const, value: 'orders' }];
      return (await listSyncs(database.db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0]!;
    };
    expect(await ofOrders()).toMatchObject({ reset_rows: 'remove', reset_taken_at: null, reset_held_by: ['orders_eu'] });
    await withdrawReset(database.db, await ofOrders(), 'ann');
    expect(await ofOrders()).toMatchObject({ reset_rows: null, reset_held_by: [] });
  });

  it('is refused of a destination that does not say how', async () => {
    const { resets: _none, ...silent } = keyed();
    await run(silent);
    await expect(ask('keep')).rejects.toThrow('a destination of your own');
  });

  it('that nobody hears of, as in a test of a DAG, syncs as ever', async () => {
    expect(await sync('orders', { from: shop(), to: keyed() })(ctx())).toMatchObject({ rows: 8 });
    expect(await sql('select from sync_stream')).toEqual([]);
  });
});

describe('in Google Cloud', () => {
  it('a table of BigQuery is emptied once, and a lake in a bucket loses its files', async () => {
    const gcs = await startGcsEmulator({ port: 0, clock: systemClock });
    const emulator = await startBigQueryEmulator({ port: 0, clock: systemClock, objects: gcs.objects });
    try {
      gcs.objects.createBucket('lake');
      const extra = { project: 'test', storage_endpoint: gcs.url, bigquery_endpoint: emulator.url };
      connections['google_cloud_default'] = { id: 'google_cloud_default', type: 'google_cloud_platform', extra };
      const bigquery = await connectBigQuery({ ...ctx(), idempotencyKey: 'test' });
      await bigquery.ensureDataset('copy');
      const to = bigqueryDestination({ table: 'copy.orders', staging: 'gs://lake/staging' });
      const counted = () => bigquery.query('select count(*) as n, count(distinct id) as ids from `test.copy.orders`');
      await run(to);
      await ask('remove');
      expect(await run(to)).toMatchObject({ rows: 8 });
      expect(logs).toContain('bigquery copy.orders begins from the start, as ann asked for: 8 rows removed');
      expect(await counted()).toEqual([{ n: 8, ids: 8 }]);
      // As of an attempt that died when its load was asked for, and not counted: its rows go with the others.
      const name = 'staging/_windlass_sync.orders.json';
      const kept = JSON.parse(gcs.objects.get('lake', name).bytes.toString()) as { pages: number; state: unknown };
      gcs.objects.put('lake', name, Buffer.from(JSON.stringify({ ...kept, pages: 2, state: { after: ['6'] } })), {});
      await ask('remove');
      expect(await run(to)).toMatchObject({ rows: 8 });
      expect(await counted()).toEqual([{ n: 8, ids: 8 }]);
      await ask('keep');
      await run(to);
      expect(await counted()).toEqual([{ n: 16, ids: 8 }]);

      await sql('delete from sync_stream');
      const bucket = lakeDestination({ folder: 'gs://lake/orders' });
      await run(bucket);
      await ask('remove');
      expect(await run(bucket)).toMatchObject({ rows: 8, pages: 3 });
      const names = (await (await connectGcs(ctx())).list('gs://lake/orders/')).map((object) => object.uri.split('/').at(-1));
      expect(names).toEqual(['_windlass_sync.orders.json', ...[4, 5, 6].map((page) => `orders-0000000${page}.parquet`)]);
    } finally {
      await emulator.stop();
      await gcs.stop();
    }
  });
});
