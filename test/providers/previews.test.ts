// Goal: whatever writes an asset leaves its first rows with the version, without being asked, and nothing where the asset wants none. Method: tasks
// on files, real Postgres, SQLite, DuckDB, MySQL's protocol and the emulators of Google; the versions as they leave the task.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AssetEmission } from '#core/assets/asset-spec.ts';
import { systemClock } from '#platform/clock.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import { type Asset, asset, type Ctx, dag } from '#sdk/index.ts';
import { type MysqlServer, startMysqlServer } from '#test/support/mysql-server.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { type RunningEmulators, startEmulators } from '../../emulators/main.ts';
import { writeFrame } from '../../providers/arrow/index.ts';
import { readCsvBatches, writeCsv } from '../../providers/csv/index.ts';
import { connectDuckdb, openDuckdb } from '../../providers/duckdb/index.ts';
import { connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import { connectMysql } from '../../providers/mysql/index.ts';
import { writeNdjson } from '../../providers/ndjson/index.ts';
import { writeDataset, writeParquet } from '../../providers/parquet/index.ts';
import { connectPostgres } from '../../providers/postgres/index.ts';
import { sql } from '../../providers/sql/index.ts';
import { connectSqlite } from '../../providers/sqlite/index.ts';
import { runTasks } from '../dags/run-tasks.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let folder: string;
let database: TestDatabase;
let mysql: MysqlServer;
let emulators: RunningEmulators;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-previews-'));
  [database, mysql, emulators] = await Promise.all([
    createDatabase(),
    startMysqlServer(),
    startEmulators({ ports: { gcs: 0, bigquery: 0, s3: 0 }, clock: systemClock }),
  ]);
});
afterAll(async () => {
  await Promise.all([database.drop(), mysql.stop(), emulators.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const connections = () => ({
  warehouse: connectionFromUrl(database.url),
  shop: { id: 'shop', type: 'mysql', extra: {}, ...mysql.connection },
  local: { id: 'local', type: 'duckdb', host: join(folder, 'lake.duckdb'), schema: null },
  books: { id: 'books', type: 'sqlite', host: join(folder, 'books.db'), schema: null, extra: {} },
  ...Object.fromEntries(
    Object.entries(emulators.connections).map(([name, url]) => {
      const id = name.replace('WINDLASS_CONN_', '').toLowerCase();
      return [id, parseConnection(id, url)];
    }),
  ),
});

/** 30 rows in batches of 25; every tenth has no name. */
const frame = () => {
  const lines = Array.from({ length: 30 }, (_, row) => `${row},${row % 10 === 0 ? '' : `n${row}`}`);
  return readCsvBatches([Buffer.from(`id,name\n${lines.join('\n')}\n`)], { types: { id: 'int64', name: 'text' }, batchRows: 25 });
};

async function sampleOf(run: (ctx: Ctx<unknown>) => Promise<unknown>, options: { preview?: number | false } = {}) {
  const out: Asset = asset('out', options);
  const made = dag('d', {}, ({ task }) => task('write', async (ctx) => void (await run(ctx)), { outlets: [out] }));
  const { results } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: folder });
  expect(results['write']).toMatchObject({ outcome: 'success' });
  return (results['write'] as { assets?: AssetEmission[] }).assets?.[0]?.version?.sample;
}

const at = (name: string) => join(folder, name);
const WRITERS: readonly (readonly [string, (ctx: Ctx<unknown>) => Promise<unknown>])[] = [
  ['a Parquet file', () => writeParquet(at('a.parquet'), frame())],
  ['a dataset', () => writeDataset(at('parts'), frame(), { partitionBy: [{ name: 'of', from: 'id', value: () => 'all' }] })],
  ['a CSV', () => writeCsv(at('a.csv'), frame())],
  ['NDJSON', () => writeNdjson(at('a.ndjson'), frame())],
  ['a frame', () => writeFrame(at('a.arrow'), frame())],
  [
    'a table of Postgres',
    async (ctx) => {
      await using warehouse = await connectPostgres(ctx, 'warehouse');
      await warehouse.loadTable({ table: 'loaded', frame: frame(), ifExists: 'replace' });
    },
  ],
  [
    'a table of MySQL',
    async (ctx) => {
      await using shop = await connectMysql(ctx, 'shop');
      await shop.loadTable({ table: 'loaded', frame: frame(), ifExists: 'replace' });
    },
  ],
  [
    'a table of SQLite',
    async (ctx) => {
      using books = await connectSqlite(ctx, 'books');
      await books.loadTable({ table: 'loaded', frame: frame(), ifExists: 'replace' });
    },
  ],
  [
    'an object of Cloud Storage',
    async (ctx) => {
      await writeParquet(at('b.parquet'), frame());
      await (await connectGcs(ctx)).upload(at('b.parquet'), 'gs://windlass-examples/b.parquet');
    },
  ],
  [
    'a table of BigQuery, loaded from an object',
    async (ctx) => {
      await writeParquet(at('c.parquet'), frame());
      await (await connectGcs(ctx)).upload(at('c.parquet'), 'gs://windlass-examples/c.parquet');
      const bigquery = await connectBigQuery(ctx);
      await bigquery.ensureDataset('taxi');
      await bigquery.load({ from: 'gs://windlass-examples/c.parquet', table: 'taxi.c', ifExists: 'replace' });
    },
  ],
];

it.for(WRITERS)('%s leaves its first 20 rows, and how many nulls there are in all', async ([, write]) => {
  const sample = await sampleOf(write);
  expect(sample?.columns.slice(0, 2)).toEqual(['id', 'name']);
  expect(sample?.rows).toHaveLength(20);
  expect(sample?.rows.slice(0, 2).map((row) => row.slice(0, 2))).toEqual([
    [0, null],
    [1, 'n1'],
  ]);
  expect(sample?.nulls?.slice(0, 2)).toEqual([0, 3]);
});

it.for([
  [
    'a table of Postgres',
    async (ctx: Ctx<unknown>) => {
      await using warehouse = await connectPostgres(ctx, 'warehouse');
      await warehouse.query('drop table if exists made');
      await sql.run({ connection: 'warehouse', sql: 'create table made as select 7 as n, null::text as t' } as never, ctx as never);
    },
  ],
  [
    'a table of MySQL',
    async (ctx: Ctx<unknown>) => {
      await using shop = await connectMysql(ctx, 'shop');
      await shop.query('drop table if exists made');
      await shop.query('create table made as select 7 as n, null as t');
    },
  ],
  [
    'a table of DuckDB',
    async (ctx: Ctx<unknown>) => {
      await using duckdb = await connectDuckdb(ctx, 'local');
      await duckdb.run('create or replace table made as select 7 as n, null::text as t');
    },
  ],
  [
    "DuckDB's copy to a file",
    async () => {
      await using duckdb = await openDuckdb();
      await duckdb.copyTo('select 7 as n, null::text as t', at('d.parquet'));
    },
  ],
] as const)('%s, made by SQL, leaves its first rows', async ([, write]) => {
  expect(await sampleOf(write)).toEqual({ columns: ['n', 't'], rows: [[7, null]] });
});

it('cells of every type are shown as people read them', async () => {
  const write = async () => {
    await using duckdb = await openDuckdb();
    const select = `select -1.50::decimal(9, 2) as d, 12345678901234567890.5::decimal(38, 1) as big, date '2021-01-31' as day,
      timestamp '2021-01-31 23:59:58' as at, 'ab'::blob as bytes, 9007199254740993 as n, true as ok, [1, 2] as list, {'a': 1} as pair`;
    await writeParquet(at('f.parquet'), duckdb.batches(select));
  };
  const rows = [
    ['-1.50', '12345678901234567890.5', '2021-01-31', '2021-01-31 23:59:58', '0x6162', '9007199254740993', true, '[1,2]', '{"a": 1}'],
  ];
  expect((await sampleOf(write))?.rows).toEqual(rows);
});

it('as many rows are kept as the asset asks for, or none', async () => {
  const write = () => writeCsv(at('e.csv'), frame());
  expect((await sampleOf(write, { preview: 3 }))?.rows).toHaveLength(3);
  expect(await sampleOf(write, { preview: false })).toBe(undefined);
  expect(() => asset('x', { preview: 51 })).toThrow('a whole number of rows up to 50, or false');
});
