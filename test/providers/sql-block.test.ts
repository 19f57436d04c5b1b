/**
 * Goal: a SQL block reads the frames before it by name and gives its rows as a frame, on each database. Real Postgres, real DuckDB,
 * and Google's client against the emulators.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import { asset, dag, type TaskDef } from '#sdk/index.ts';
import { type MysqlServer, startMysqlServer } from '#test/support/mysql-server.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { type RunningEmulators, startEmulators } from '../../emulators/main.ts';
import { type FrameFile, readFrame, writeFrame } from '../../providers/arrow/index.ts';
import { type CsvType, readCsvBatches } from '../../providers/csv/index.ts';
import { openDuckdb } from '../../providers/duckdb/index.ts';
import { connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import { openPostgres } from '../../providers/postgres/index.ts';
import { type SqlBlockInput, type SqlBlockOptions, sqlExporter, sqlLoader, sqlTransformer } from '../../providers/sql/index.ts';
import { runTasks } from '../dags/run-tasks.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let folder: string;
let database: TestDatabase;
let emulators: RunningEmulators;
let mysql: MysqlServer;
let trips: FrameFile;
let zones: FrameFile;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-sql-block-'));
  database = await createDatabase();
  mysql = await startMysqlServer();
  emulators = await startEmulators({ ports: { gcs: 0, bigquery: 0, s3: 0 }, clock: systemClock });
  const csv = <T extends Record<string, CsvType>>(text: string, types: T) => readCsvBatches([Buffer.from(text)], { types });
  trips = await writeFrame(join(folder, 'trips.arrow'), csv('zone,fare\n1,10.5\n2,4\n1,2\n', { zone: 'int64', fare: 'float64' }));
  zones = await writeFrame(join(folder, 'zones.arrow'), csv("zone,name\n1,O'Hare\n2,é\n", { zone: 'int64', name: 'text' }));
});
afterAll(async () => {
  await emulators.stop();
  await mysql.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const connections = () => ({
  warehouse: connectionFromUrl(database.url),
  shop: { id: 'shop', type: 'mysql', extra: {}, ...mysql.connection },
  lake: { id: 'lake', type: 'duckdb', host: join(folder, 'lake.duckdb'), schema: null },
  ...Object.fromEntries(
    Object.entries(emulators.connections).map(([name, url]) => {
      const id = name.replace('WINDLASS_CONN_', '').toLowerCase();
      return [id, parseConnection(id, url)];
    }),
  ),
});

async function run<Out>(block: TaskDef<SqlBlockInput, Out>, frames: readonly FrameFile[]) {
  const made = dag('d', {}, ({ task }) => task('t', { frames }, block));
  const { results, values, log } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: folder });
  return { result: results['t'], value: values['t'] as Out, log };
}

const PLACES = {
  duckdb: { on: 'duckdb' },
  postgres: { on: 'postgres', connection: 'warehouse' },
  mysql: { on: 'mysql', connection: 'shop' },
  bigquery: { on: 'bigquery', staging: 'gs://windlass-examples/staging' },
} as const satisfies Record<string, Partial<SqlBlockOptions<never>>>;

describe.each(Object.entries(PLACES))('on %s', (_name, place) => {
  it('joins frames by their names, and the rows come back as a frame', async () => {
    const totals = sqlTransformer({
      ...place,
      name: 'totals',
      sql: 'select z.name as name, sum(t.fare) as fares from {{ df_1 }} t join {{ df_2 }} z on z.zone = t.zone group by z.name order by 1;\n',
    });
    const { value, log } = await run(totals, [trips, zones]);
    expect(value).toMatchObject({ rows: 2, columns: ['name', 'fares'] });
    const rows = (await readFrame(value)).toArray().map((row) => ({ ...row?.toJSON() }));
    // Each server sorts texts its own way.
    expect(rows.sort((a, b) => Number(b['fares']) - Number(a['fares']))).toEqual([
      { name: "O'Hare", fares: 12.5 },
      { name: 'é', fares: 4 },
    ]);
    expect(log.find((line) => line.includes('Rendered sql'))).toMatch(/from .*df_1.* t join .*df_2/);
  });

  it('needs no frames to load', async () => {
    const { value } = await run(sqlLoader({ ...place, name: 'one', sql: 'select 1 as n' }), []);
    expect(value).toMatchObject({ rows: 1, columns: ['n'] });
  });

  it('says what is wrong with a statement', async () => {
    const { result } = await run(sqlLoader({ ...place, name: 'bad', sql: 'select missing from nowhere' }), []);
    expect(result).toMatchObject({ outcome: 'failed', error: { message: expect.stringMatching(/nowhere/) } });
    const missing = (await run(sqlLoader({ ...place, name: 'bad', sql: 'select * from {{ df_3 }}' }), [trips])).result;
    expect(missing).toMatchObject({ outcome: 'failed', error: { message: expect.stringMatching(/df_3/) } });
  });
});

test('an exporter changes a table of Postgres', async () => {
  await using warehouse = await openPostgres(connectionFromUrl(database.url));
  await warehouse.query('create table kept (zone bigint, fare float8)');
  const { value } = await run(sqlExporter({ ...PLACES.postgres, name: 'keep', sql: 'insert into kept select * from {{ df_1 }}' }), [trips]);
  expect(value).toEqual({ rows: 3 });
  expect(await warehouse.query('select sum(fare) as fares from kept')).toEqual([{ fares: 16.5 }]);
});

test('an exporter changes a DuckDB file, and leaves nothing of the frames in it', async () => {
  const sql = 'create table kept as select * from {{ df_1 }}';
  await run(sqlExporter({ on: 'duckdb', connection: 'lake', name: 'keep', sql }), [trips]);
  await using lake = await openDuckdb({ path: join(folder, 'lake.duckdb') });
  expect(await lake.query('select sum(fare) as fares from kept')).toEqual([{ fares: 16.5 }]);
  expect(await lake.query("select view_name from duckdb_views() where view_name like 'df_%'")).toEqual([]);
});

test('BigQuery keeps what was asked for, and nothing of what passed through', async () => {
  const context = { conn: async <T>(id: string) => (connections() as Record<string, unknown>)[id] as T, idempotencyKey: 'k' };
  await (await connectBigQuery(context)).ensureDataset('taxi');
  await run(sqlExporter({ ...PLACES.bigquery, name: 'keep', sql: 'create or replace table taxi.kept as select * from {{ df_1 }}' }), [
    trips,
  ]);
  const bigquery = await connectBigQuery(context);
  expect(await bigquery.query('select sum(fare) as fares from taxi.kept')).toEqual([{ fares: 16.5 }]);
  const [tables] = await bigquery.client.dataset('windlass_frames').getTables();
  expect(tables.map((table) => table.id)).toEqual([]);
  expect(await (await connectGcs(context)).list('gs://windlass-examples/staging')).toEqual([]);
});

test('a file that is not there is named', async () => {
  const { result } = await run(sqlLoader({ on: 'duckdb', name: 'lost', sql: 'lost.sql' }), []);
  expect(result).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringContaining('there is no file lost.sql') },
  });
});

describe('what an exporter writes by a select', () => {
  const exported = async (options: SqlBlockOptions<never>, frames: readonly FrameFile[] = []) => {
    const totals = asset('totals');
    const made = dag('d', {}, ({ task }) => task('t', { frames }, sqlExporter(options as never), { outlets: [totals] }));
    const { results } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: folder });
    return (results['t'] as { assets?: readonly { version?: unknown }[] } | undefined)?.assets?.[0]?.version;
  };

  it('is told of a table of Postgres, with its columns and what they are made of', async () => {
    await using warehouse = await openPostgres(connectionFromUrl(database.url));
    await warehouse.query('create table fares (zone int, fare float8); create table totals (zone int, fare float8, doubled float8)');
    await warehouse.query('insert into fares values (1, 2), (2, 3)');
    const sql = 'insert into totals (zone, fare, doubled) select zone, fare, fare * 2 from fares';
    expect(await exported({ ...PLACES.postgres, name: 'keep', sql } as never)).toMatchObject({
      rows: 2,
      columns: [{ name: 'zone', type: 'integer' }, { name: 'fare' }, { name: 'doubled' }],
      columnLineage: {
        zone: [{ asset: 'fares', column: 'zone' }],
        doubled: [{ asset: 'fares', column: 'fare' }],
      },
    });
    const ofFrame = await exported(
      { ...PLACES.postgres, name: 'keep', sql: 'insert into totals (zone, fare) select zone, fare from {{ df_1 }}' } as never,
      [trips],
    );
    expect(ofFrame).toMatchObject({ rows: 3 });
    expect(ofFrame).not.toHaveProperty('columnLineage');
  });

  it('is told of a table of BigQuery, as far as names say', async () => {
    const ctx = {
      conn: async (id: string) => connections()[id as never],
      signal: new AbortController().signal,
      idempotencyKey: 'k',
      log: { info: () => undefined },
    };
    const bigquery = await connectBigQuery(ctx as never);
    await bigquery.ensureDataset('taxi');
    await bigquery.query('create table taxi.fares as select 1 as zone, 2.5 as fare');
    const sql = 'create table `windlass-local.taxi.totals` as select f.zone, f.fare * 2 as doubled from `windlass-local.taxi.fares` f';
    expect(await exported({ ...PLACES.bigquery, name: 'keep', sql } as never)).toMatchObject({
      columnLineage: {
        zone: [{ asset: expect.stringContaining('taxi.fares'), column: 'zone' }],
        doubled: [{ asset: expect.stringContaining('taxi.fares'), column: 'fare' }],
      },
    });
  });
});
