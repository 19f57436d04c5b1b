/**
 * The cloud examples against the emulators: what they leave behind is read by readers that are not ours (DuckDB, hyparquet), and
 * running them again leaves the same.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import { duck } from '#test/support/duckdb.ts';
import { createDatabase } from '#test/support/postgres.ts';
import { type RunningEmulators, startEmulators } from '../../emulators/main.ts';
import dailyTrips from '../../examples/daily_trips.ts';
import gcsToBigquery from '../../examples/gcs_to_bigquery.ts';
import lakeFanout from '../../examples/lake_fanout.ts';
import nyTaxiToGcs from '../../examples/ny_taxi_to_gcs.ts';
import nyTaxiToGcsPartitioned from '../../examples/ny_taxi_to_gcs_partitioned.ts';
import nyTaxiToPostgres from '../../examples/ny_taxi_to_postgres.ts';
import titanic from '../../examples/titanic.ts';
import { connectS3 } from '../../providers/amazon/index.ts';
import { connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import { openPostgres } from '../../providers/postgres/index.ts';
import { flightsFile } from '../../providers/sample-data/index.ts';
import { runTasks, type TasksRun } from '../dags/run-tasks.ts';
import { connectionFromUrl } from '../providers/postgres-connection.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const ROOT = new URL('../../', import.meta.url).pathname;
let emulators: RunningEmulators;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-clouds-'));
  emulators = await startEmulators({ ports: { gcs: 0, bigquery: 0, s3: 0 }, clock: systemClock });
});
afterAll(async () => {
  await emulators.stop();
  await rm(folder, { recursive: true, force: true });
});

const connections = () =>
  Object.fromEntries(
    Object.entries(emulators.connections).map(([name, url]) => {
      const id = name.replace('WINDLASS_CONN_', '').toLowerCase();
      return [id, parseConnection(id, url)];
    }),
  );
const source = { conn: async <T>(id: string) => connections()[id] as T };

async function run(dag: unknown, params: object, logicalDate?: string, more: object = {}): Promise<TasksRun['values']> {
  const scratchFolder = await mkdtemp(join(folder, 'run-'));
  const options = {
    params: { ...params },
    connections: { ...connections(), ...more },
    scratchFolder,
    ...(logicalDate === undefined ? {} : { logicalDate }),
  };
  const { results, values } = await runTasks(dag, options);
  const failed = Object.entries(results).filter(([, result]) => result.outcome !== 'success');
  expect(failed.map(([id, result]) => [id, result.outcome === 'failed' ? result.error.message : result.outcome])).toEqual([]);
  return { ...values, scratchFolder };
}

async function fetched(uri: string): Promise<string> {
  const path = join(folder, `fetched-${uri.replace(/[^\w.]/g, '_')}`);
  if (uri.startsWith('gs:')) await (await connectGcs(source)).download(uri, path);
  else {
    await using s3 = await connectS3(source);
    await s3.download(uri, path);
  }
  return path;
}

/** Count, passengers and cents of the trips with passengers, by DuckDB from the CSV itself. */
const ofTheCsv = (scratch: unknown) =>
  duck(
    `select count(*)::int, sum(passenger_count)::int, sum(round(total_amount * 100))::bigint::text from '${scratch}/yellow_tripdata.csv.gz' where passenger_count > 0`,
  );
const ofParquet = (files: string) =>
  duck(`select count(*)::int, sum(passenger_count)::int, sum(round(total_amount * 100))::bigint::text from ${files}`);

it('ny_taxi_to_gcs leaves one Parquet file with the trips that had passengers', async () => {
  const { scratchFolder } = await run(nyTaxiToGcs, { rows: 5_000 });
  const path = await fetched('gs://windlass-examples/ny_taxi/yellow_cab_data.parquet');
  expect(await ofParquet(`'${path}'`)).toEqual(await ofTheCsv(scratchFolder));
  expect(await duck(`select column_name, column_type from (describe from '${path}') limit 4`)).toEqual([
    ['vendor_id', 'BIGINT'],
    ['tpep_pickup_datetime', 'TIMESTAMP'],
    ['tpep_dropoff_datetime', 'TIMESTAMP'],
    ['passenger_count', 'BIGINT'],
  ]);
});

it('ny_taxi_to_gcs_partitioned leaves a folder for each day, and gcs_to_bigquery a table; twice is the same as once', async () => {
  const gcs = await connectGcs(source);
  const names = async () => (await gcs.list('gs://windlass-examples/ny_taxi/by_pickup_date/')).map((object) => object.uri);
  const { scratchFolder } = await run(nyTaxiToGcsPartitioned, { rows: 5_000 });
  const first = await names();
  await run(nyTaxiToGcsPartitioned, { rows: 5_000 });
  expect(await names()).toEqual(first);
  const expected = await ofTheCsv(scratchFolder);
  const local = join(folder, 'by-day');
  for (const [index, uri] of first.entries()) {
    const [, day] = /pickup_date=(\d{4}-\d\d-\d\d)\/part-0\.parquet$/.exec(uri) ?? [];
    const path = await fetched(uri);
    expect(await duck(`select distinct tpep_pickup_datetime::date::text from '${path}'`)).toEqual([[day]]);
    await writeFile(`${local}-${index}.parquet`, await gcs.read(uri));
  }
  expect(await ofParquet(`'${local}-*.parquet'`)).toEqual(expected);

  for (const _ of [1, 2]) {
    const values = await run(gcsToBigquery, {});
    expect(values['summarise']).toEqual({ days: first.length, rows: expected[0]?.[0] });
  }
  const bigquery = await connectBigQuery({ ...source, idempotencyKey: 'test' });
  const [sums] = await bigquery.query('select count(*) as n, sum(passenger_count) as passengers from ny_taxi.yellow_cab_data');
  expect(sums).toEqual({ n: expected[0]?.[0], passengers: expected[0]?.[1] });
});

it('lake_fanout leaves the same Parquet file in both clouds, and its trips in BigQuery', async () => {
  const { scratchFolder } = await run(lakeFanout, { rows: 5_000 });
  const expected = await ofTheCsv(scratchFolder);
  const [inGcs, inS3] = [
    await fetched('gs://windlass-examples/raw/yellow_tripdata.parquet'),
    await fetched('s3://windlass-examples/raw/yellow_tripdata.parquet'),
  ];
  expect(await readFile(inS3)).toEqual(await readFile(inGcs));
  expect(await ofParquet(`'${inGcs}'`)).toEqual(expected);
  const bigquery = await connectBigQuery({ ...source, idempotencyKey: 'test' });
  const [sums] = await bigquery.query('select count(*) as n, sum(passenger_count) as passengers from trips_data_all.yellow_tripdata');
  expect(sums).toEqual({ n: expected[0]?.[0], passengers: expected[0]?.[1] });
});

it('ny_taxi_to_postgres, of blocks, leaves the trips that had passengers in the table; twice is the same as once', async () => {
  const database = await createDatabase();
  try {
    const warehouse = connectionFromUrl(database.url);
    for (const _ of [1, 2]) {
      const { scratchFolder } = await run(nyTaxiToPostgres, { rows: 5_000 }, undefined, { warehouse });
      const [expected] = await ofTheCsv(scratchFolder);
      await using postgres = await openPostgres(warehouse);
      const [sums] = await postgres.query(
        'select count(*)::int as n, sum(passenger_count)::int as passengers, sum(round(total_amount * 100))::bigint::text as cents from ny_taxi.yellow_cab_data',
      );
      expect(Object.values(sums ?? {})).toEqual(expected);
    }
  } finally {
    await database.drop();
  }
});

it('titanic fills in what is missing and leaves the rest as it was', async () => {
  const { scratchFolder } = await run(titanic, {});
  const clean = await fetched('s3://windlass-examples/titanic/titanic_clean.csv');
  const raw = join(String(scratchFolder), 'titanic.csv');
  expect(
    await duck(`select count(*)::int, count("Age")::int, count("Cabin")::int, count("Embarked")::int from read_csv('${clean}')`),
  ).toEqual([[891, 891, 891, 891]]);
  const missing = await duck(
    `select count(*) - count("Age") > 100, count(*) - count("Cabin") > 500, (count(*) - count("Embarked"))::int from read_csv('${raw}')`,
  );
  expect(missing).toEqual([[true, true, 2]]);
  const changed = await duck(
    `select count(*)::int from read_csv('${raw}') r join read_csv('${clean}') c using ("PassengerId") where r."Name" <> c."Name" or r."Fare" <> c."Fare" or (r."Age" is not null and r."Age" <> c."Age")`,
  );
  expect(changed).toEqual([[0]]);
});

it('daily_trips leaves the flights of the day of its run, for each day of a backfill, and replaces them when it runs again', async () => {
  const gcs = await connectGcs(source);
  for (const day of ['2001-01-31', '2001-02-01', '2001-02-01']) await run(dailyTrips, {}, day);
  const uris = (await gcs.list('gs://windlass-examples/2001/')).map((object) => object.uri);
  expect(uris).toEqual(['gs://windlass-examples/2001/01/31/daily-trips.parquet', 'gs://windlass-examples/2001/02/01/daily-trips.parquet']);
  const bytes = await gcs.read(uris[0] as string);
  const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer });
  const [[expected] = []] = await duck(`select count(*)::int from '${flightsFile()}' where date::date = date '2001-01-31'`);
  expect(rows).toHaveLength(Number(expected));
  expect(new Set(rows.map((row) => (row['date'] as Date).toISOString().slice(0, 10)))).toEqual(new Set(['2001-01-31']));
});

it('`windlass emulators` runs a command beside the clouds, and ends with its exit code', async () => {
  const windlass = [process.execPath, join(ROOT, 'bin/windlass.mjs')] as const;
  const ports = ['--gcs-port', '0', '--bigquery-port', '0', '--s3-port', '0'];
  const env = { PATH: process.env['PATH'], HOME: folder, WINDLASS_DATA_FOLDER: folder };
  const [node, script] = windlass;
  const test = (file: string, ...more: string[]) =>
    promisify(execFile)(
      node,
      [script, 'emulators', ...ports, '--', node, script, 'dags', 'test', join(ROOT, 'examples', file), '--json', ...more],
      {
        env,
        cwd: folder,
      },
    );
  expect(JSON.parse((await test('ny_taxi_to_gcs.ts', '--conf', '{"rows": 500}')).stdout)).toMatchObject({ state: 'success' });
  await expect(test('gcs_to_bigquery.ts')).rejects.toMatchObject({ code: 1 });
});
