/**
 * Goal: a sync moves what is new and only that, columns that come, grow or break are treated by its policy, and a process that is killed
 * at any page loses nothing and doubles nothing. Method: real Postgres, an API over HTTP, files on disk; killed processes are real ones.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import type { Ctx } from '#sdk/context.ts';
import { duck } from '#test/support/duckdb.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startBigQueryEmulator } from '../../emulators/bigquery/bigquery-server.ts';
import { startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { connectS3 } from '../../providers/amazon/index.ts';
import { connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import {
  bigqueryDestination,
  filesSource,
  lakeDestination,
  postgresDestination,
  postgresSource,
  restSource,
  type SyncOptions,
  sync,
} from '../../providers/sync/index.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let database: TestDatabase;
let folder: string;
let connections: Record<string, unknown>;

const ctx = (): Ctx<unknown> =>
  ({
    conn: async (id: string) => connections[id],
    signal: new AbortController().signal,
    log: { info: () => undefined, warn: () => undefined },
    heartbeat: () => undefined,
    scratch: folder,
  }) as never;
const sql = async <Row>(text: string) => (await database.db.pool.query(text)).rows as Row[];
const run = (options: SyncOptions, name = 'orders') => sync(name, options)(ctx());
const warehouse = (options: object = {}) =>
  postgresDestination({ connection: 'db', schema: 'copy', table: 'orders', key: ['id'], ...options });
const shop = (options: object = {}) => postgresSource({ connection: 'db', table: 'orders', cursor: 'updated_at', pageRows: 3, ...options });

beforeAll(async () => {
  database = await createDatabase();
  connections = { db: connectionFromUrl(database.url) };
});
afterAll(() => database.drop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-sync-'));
  await sql(`drop schema if exists copy cascade; drop table if exists orders;
    create table orders (id int primary key, name text, updated_at timestamptz not null);
    insert into orders select n, 'order ' || n, '2026-01-01'::timestamptz + (n / 2) * interval '1 microsecond' from generate_series(1, 10) n`);
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('Postgres to Postgres', () => {
  it('takes all rows once, also of one cursor value, then only what is new or changed', async () => {
    expect(await run({ from: shop(), to: warehouse() })).toMatchObject({ rows: 10, pages: 4 });
    expect(await run({ from: shop(), to: warehouse() })).toMatchObject({ rows: 0, state: { after: [expect.any(String), '10'] } });
    await sql(`insert into orders values (11, 'new', now()); update orders set name = 'changed', updated_at = now() where id = 3`);
    expect(await run({ from: shop(), to: warehouse() })).toMatchObject({ rows: 2 });
    expect(await sql('select id, name from copy.orders order by id')).toEqual(await sql('select id, name from orders order by id'));
  });

  it('finds a row that was committed late by looking back, and without it does not', async () => {
    const late = `insert into orders values (11, 'late', '2026-01-01'::timestamptz + interval '2 microseconds')`;
    await run({ from: shop(), to: warehouse() });
    await sql(late);
    expect(await run({ from: shop(), to: warehouse() })).toMatchObject({ rows: 0 });
    expect(await run({ from: shop({ lookback: '1 minute' }), to: warehouse() })).toMatchObject({ rows: 11 });
    expect(await sql('select id, name from copy.orders order by id')).toEqual(await sql('select id, name from orders order by id'));
    const byId = (options = {}) => run({ from: shop({ cursor: 'id', ...options }), to: warehouse() }, 'by_id');
    await byId();
    await sql(`delete from orders where id = 9; insert into orders values (9, 'anew', now())`);
    expect(await byId({ lookback: 3 })).toMatchObject({ rows: 3 });
    expect(await sql('select name from copy.orders where id = 9')).toEqual([{ name: 'anew' }]);
  });

  it('takes out rows that the source marks as deleted, and writes one that came back', async () => {
    await sql('alter table orders add column deleted_at timestamptz');
    const to = warehouse({ deletedAt: 'deleted_at' });
    await run({ from: shop(), to });
    await sql('update orders set deleted_at = now(), updated_at = now() where id in (2, 4)');
    await run({ from: shop(), to });
    expect(await sql('select count(*)::int as n from copy.orders where id in (2, 4)')).toEqual([{ n: 0 }]);
    await sql('update orders set deleted_at = null, updated_at = clock_timestamp() where id = 2');
    await run({ from: shop(), to });
    expect(await sql('select id from copy.orders order by id')).toEqual(
      await sql('select id from orders where deleted_at is null order by id'),
    );
    expect(() => warehouse({ key: [], deletedAt: 'deleted_at' })).toThrow('needs the key');
    await expect(run({ from: shop(), to: warehouse({ deletedAt: 'gone_at' }) }, 'other')).rejects.toThrow('has no column "gone_at"');
  });

  it('removes what the source has no more, when it is asked to compare', async () => {
    const compared = { from: shop(), to: warehouse(), deletes: 'compare' } as const;
    expect(await run(compared)).toMatchObject({ rows: 10, removed: 0 });
    await sql('delete from orders where id > 7');
    expect(await run({ from: shop(), to: warehouse() })).not.toHaveProperty('removed');
    expect(await run(compared)).toMatchObject({ rows: 0, removed: 3 });
    expect(await sql('select id from copy.orders order by id')).toEqual(await sql('select id from orders order by id'));
    await sql('delete from orders');
    expect(await run(compared)).toMatchObject({ removed: 7 });
    await expect(run({ ...compared, to: lakeDestination({ folder: join(folder, 'lake') }) }, 'lake')).resolves.toMatchObject({ rows: 0 });
    await sql(`insert into orders values (1, 'a', now())`);
    await expect(run({ ...compared, to: lakeDestination({ folder: join(folder, 'lake') }) }, 'lake')).rejects.toThrow(
      'needs a source and a destination with a key',
    );
  });

  it('adds a new column, keeps one that is gone, and widens a type', async () => {
    await run({ from: shop(), to: warehouse() });
    await sql(`alter table orders add column fare float8, drop column name; insert into orders values (11, now(), 1.5)`);
    await run({ from: shop(), to: warehouse() });
    expect(await sql('select name, fare from copy.orders where id in (10, 11) order by id')).toEqual([
      { name: 'order 10', fare: null },
      { name: null, fare: 1.5 },
    ]);
  });

  it('fails before it writes when the policy or the types forbid it, naming the columns', async () => {
    await run({ from: shop(), to: warehouse() });
    await sql(`alter table orders add column fare float8; insert into orders values (11, 'new', now(), 1.5)`);
    await expect(run({ from: shop(), to: warehouse(), schemaChange: 'fail' })).rejects.toThrow('column "fare" (Float64) is new');
    expect(await run({ from: shop(), to: warehouse(), schemaChange: 'discard' })).toMatchObject({ rows: 1 });
    await sql(`alter table orders alter column name type int using 1; insert into orders values (12, 2, now(), 1)`);
    await expect(run({ from: shop(), to: warehouse() })).rejects.toThrow('column "name" was Utf8 and is Int64');
    expect(await sql('select count(*)::int as n from copy.orders')).toEqual([{ n: 11 }]);
  });
});

describe('a REST API', () => {
  let server: Server;
  let asked: string[];
  const items = Array.from({ length: 5 }, (_, index) => ({ id: index + 1, at: `2026-01-0${index + 1}`, more: { a: index } }));
  beforeEach(async () => {
    asked = [];
    let refusals = 1;
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x');
      asked.push(`${url.pathname}${url.search}`);
      if (refusals-- > 0) return void response.writeHead(503, { 'retry-after': '0' }).end('busy');
      const since = url.searchParams.get('since') ?? '';
      const left = items.filter((item) => item.at > since);
      const from = Number(url.searchParams.get('cursor') ?? url.searchParams.get('offset') ?? 0);
      const next = from + 2 < left.length ? from + 2 : null;
      if (url.pathname === '/linked' && next !== null) response.setHeader('link', `<?offset=${next}>; rel="next"`);
      response.end(JSON.stringify({ data: { items: left.slice(from, from + 2) }, next }));
    }).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    return () => void server.close();
  });
  const api = (path: string, options: object = {}) =>
    restSource({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
      records: 'data.items',
      types: { id: 'int64', at: 'text', more: 'text' },
      ...options,
    });

  it.for([
    ['token', '/items', { kind: 'token', path: 'next', param: 'cursor' }],
    ['offset', '/items', { kind: 'offset', limit: 2 }],
    ['link', '/linked', { kind: 'link' }],
  ] as const)('is read to its end by %s, though it refuses once', async ([, path, pagination]) => {
    expect(await run({ from: api(path, { pagination }), to: warehouse() })).toMatchObject({ rows: 5, pages: 3 });
    expect(await sql('select id::int, at, more from copy.orders order by id limit 1')).toEqual([
      { id: 1, at: '2026-01-01', more: '{"a":0}' },
    ]);
  });

  it('is asked for what is new only', async () => {
    const options = { pagination: { kind: 'token', path: 'next', param: 'cursor' }, cursor: { field: 'at', param: 'since' } };
    expect(await run({ from: api('/items', options), to: warehouse() })).toMatchObject({ rows: 5, state: { greatest: '2026-01-05' } });
    items.push({ id: 6, at: '2026-01-06', more: { a: 6 } });
    expect(await run({ from: api('/items', options), to: warehouse() })).toMatchObject({ rows: 1 });
    items.pop();
    expect(asked.at(-1)).toBe('/items?since=2026-01-05');
  });

  it('that refuses for good fails at once', async () => {
    await expect(run({ from: api('/items', { records: 'data.wrong' }), to: warehouse() })).rejects.toThrow(
      'no list of records at "data.wrong"',
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`;
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    await expect(run({ from: restSource({ url: `${url}?key=secret`, types: {} }), to: warehouse() })).rejects.toThrow(
      /GET http:\/\/127\.0\.0\.1:\d+\/items was not answered: .*ECONNREFUSED/,
    );
  });
});

describe('files', () => {
  it('go into a lake once each, and again when they change', async () => {
    const inbox = join(folder, 'in');
    const lake = join(folder, 'lake');
    const options = {
      from: filesSource({ folder: inbox, types: { id: 'int64', name: 'text' }, pageRows: 2 }),
      to: lakeDestination({ folder: lake }),
    };
    rmSync(inbox, { recursive: true, force: true });
    (await import('node:fs')).mkdirSync(inbox);
    writeFileSync(join(inbox, 'a.csv'), 'id,name\n1,a\n2,b\n3,c\n');
    writeFileSync(join(inbox, 'b.csv'), 'id,name\n4,d\n');
    expect(await run(options)).toMatchObject({ rows: 4, pages: 3 });
    expect(await run(options)).toMatchObject({ rows: 0 });
    writeFileSync(join(inbox, 'b.csv'), 'id,name\n4,changed\n5,e\n');
    expect(await run(options)).toMatchObject({ rows: 2 });
    const rows = await duck(`select id::int as id, name from read_parquet('${lake}/*.parquet') order by id, name`);
    expect(rows.map((row) => Object.values(row as object).join())).toEqual(['1,a', '2,b', '3,c', '4,changed', '4,d', '5,e']);
  });
});

describe('BigQuery', () => {
  it('gets each page once, though the end of a load was not written down', async () => {
    const gcs = await startGcsEmulator({ port: 0, clock: systemClock });
    const emulator = await startBigQueryEmulator({ port: 0, clock: systemClock, objects: gcs.objects });
    try {
      gcs.objects.createBucket('lake');
      const extra = { project: 'test', storage_endpoint: gcs.url, bigquery_endpoint: emulator.url };
      connections['google_cloud_default'] = { id: 'google_cloud_default', type: 'google_cloud_platform', extra };
      const bigquery = await connectBigQuery({ ...ctx(), idempotencyKey: 'test' });
      await bigquery.ensureDataset('copy');
      const options = { from: shop(), to: bigqueryDestination({ table: 'copy.orders', staging: 'gs://lake/staging' }) };
      expect(await run(options)).toMatchObject({ rows: 10, pages: 4 });
      // As if the process had died after the last load, before it wrote the state.
      const name = 'staging/_windlass_sync.orders.json';
      const kept = JSON.parse(gcs.objects.get('lake', name).bytes.toString()) as { pages: number; state: unknown };
      const before = { ...kept, pages: 3, state: { after: ['2026-01-01 00:00:00.000004+00', '9'] } };
      await (await (await import('../../providers/google/index.ts')).connectGcs(ctx())).upload(
        Buffer.from(JSON.stringify(before)),
        `gs://lake/${name}`,
      );
      expect(await run(options)).toMatchObject({ rows: 1 });
      expect(await bigquery.query('select count(*) as n, count(distinct id) as ids from `test.copy.orders`')).toEqual([{ n: 10, ids: 10 }]);
    } finally {
      await emulator.stop();
      await gcs.stop();
    }
  });
});

describe('a process that is killed at any page', () => {
  /** Kills itself with SIGKILL after so many pages, before or after their commit. */
  const child = (to: string, killAfter: number, when: string): Promise<number | null> =>
    new Promise((resolve) => {
      const script = new URL('./fixtures/sync-child.ts', import.meta.url).pathname;
      const environment = {
        PATH: process.env['PATH'],
        SYNC_URL: database.url,
        SYNC_TO: to,
        SYNC_LAKE: join(folder, 'lake'),
        SYNC_KILL: String(killAfter),
        SYNC_WHEN: when,
      };
      spawn(process.execPath, [script], { env: environment, stdio: ['ignore', 'inherit', 'inherit'] }).once('exit', (code) =>
        resolve(code),
      );
    });

  it.for(['postgres', 'lake'])('loses nothing and doubles nothing in %s', async (to) => {
    for (const [killAfter, when] of [
      [1, 'before'],
      [0, 'after'],
    ] as const)
      expect(await child(to, killAfter, when)).toBe(null);
    expect(await child(to, 99, 'never')).toBe(0);
    if (to === 'postgres')
      return expect(await sql('select count(*)::int as n, count(distinct id)::int as ids from copy.appended')).toEqual([
        { n: 10, ids: 10 },
      ]);
    expect(await duck(`select count(*)::int as n, count(distinct id)::int as ids from read_parquet('${folder}/lake/*.parquet')`)).toEqual([
      [10, 10],
    ]);
    expect(readdirSync(join(folder, 'lake')).filter((name) => name.endsWith('.parquet'))).toHaveLength(5);
    expect(JSON.parse(readFileSync(join(folder, 'lake/_windlass_sync.orders.json'), 'utf8'))).toMatchObject({ pages: 5 });
  });
});

describe.each(['gs', 's3'] as const)('a lake in a bucket of %s', (scheme) => {
  it('gets one file a page, and goes on after the last that was counted', async () => {
    const gcs = await startGcsEmulator({ port: 0, clock: systemClock });
    gcs.objects.createBucket('lake');
    const s3 = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
    connections['google_cloud_default'] = parseConnection(
      'g',
      `google-cloud-platform://?project=p&storage_endpoint=${encodeURIComponent(gcs.url)}`,
    );
    connections['aws_default'] = parseConnection('a', `aws://k:s@?endpoint_url=${encodeURIComponent(`http://127.0.0.1:${s3.port}`)}`);
    await using aws = await connectS3(ctx());
    const google = await connectGcs(ctx());
    const bucket = scheme === 'gs' ? google : aws;
    try {
      await aws.ensureBucket('lake');
      const to = lakeDestination({ folder: `${scheme}://lake/orders` });
      const files = async () => {
        const found = await bucket.list(`${scheme}://lake/orders/`);
        return found.map((one) => one.uri.split('/').at(-1) as string).toSorted();
      };
      expect(await run({ from: shop(), to })).toMatchObject({ rows: 10, pages: 4 });
      const first = ['_windlass_sync.orders.json', ...[0, 1, 2, 3].map((page) => `orders-0000000${page}.parquet`)];
      expect(await files()).toEqual(first);
      await sql(`insert into orders values (11, 'new', now())`);
      // As of an attempt that died before it counted its page.
      await bucket.upload(Buffer.from('half a page'), `${scheme}://lake/orders/orders-00000004.parquet`);
      expect(await run({ from: shop(), to })).toMatchObject({ rows: 1, pages: 1 });
      expect(await run({ from: shop(), to })).toMatchObject({ rows: 0 });
      expect(await files()).toEqual([...first, 'orders-00000004.parquet']);
      mkdirSync(join(folder, 'copy'));
      for (const name of (await files()).slice(1)) await bucket.download(`${scheme}://lake/orders/${name}`, join(folder, 'copy', name));
      const rows = await duck(`select id, name from read_parquet('${folder}/copy/*.parquet') order by id`);
      expect(rows).toEqual((await sql<object>('select id, name from orders order by id')).map((row) => Object.values(row).map(String)));
    } finally {
      await s3.stop();
      await gcs.stop();
    }
  });
});
