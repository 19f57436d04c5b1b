/**
 * The taxi DAG end to end against real Postgres: made-up and downloaded input, what it refuses, and that a failed
 * run leaves the table of the last good one.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import nyTaxi from '../../dags/ny_taxi.ts';
import { openPostgres, type Postgres } from '../../providers/postgres/index.ts';
import { writeTaxiTrips } from '../../providers/sample-data/index.ts';
import { connectionFromUrl } from '../providers/postgres-connection.ts';
import { runTasks, type TasksRun } from './run-tasks.ts';

let database: TestDatabase;
let warehouse: Postgres;
let folder: string;

beforeAll(async () => {
  database = await createDatabase();
  warehouse = await openPostgres(connectionFromUrl(database.url));
});
afterAll(async () => {
  await warehouse.close();
  await database.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-ny-taxi-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await warehouse.query('drop schema if exists ny_taxi cascade');
});

function run(params: object, before?: (taskId: string) => Promise<void>): Promise<TasksRun> {
  return runTasks(nyTaxi, {
    params: { ...params },
    connections: { warehouse: connectionFromUrl(database.url) },
    scratchFolder: folder,
    ...(before === undefined ? {} : { before }),
  });
}

/** Counts and sums of the CSV itself, by plain string splitting: independent of the reader under test. */
function expectedOf(csv: string): { rows: number; passengers: number; cents: number; pickups: string[] } {
  const kept = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .filter((cells) => Number(cells[3]) > 0);
  return {
    rows: kept.length,
    passengers: kept.reduce((sum, cells) => sum + Number(cells[3]), 0),
    cents: kept.reduce((sum, cells) => sum + Math.round(Number(cells[16]) * 100), 0),
    pickups: kept.map((cells) => cells[1] as string).sort(),
  };
}

async function loadedTable() {
  const [found] = await warehouse.query(
    `select count(*) as rows, sum(passenger_count)::bigint as passengers, sum(round(total_amount::numeric * 100))::bigint as cents,
            min(tpep_pickup_datetime)::text as first, max(tpep_pickup_datetime)::text as last, min(passenger_count) as fewest,
            count(*) - count(passenger_count) as unknown
       from ny_taxi.yellow_cab_data`,
  );
  return found;
}

const errorOf = (result: TasksRun['results'][string] | undefined) => (result?.outcome === 'failed' ? result.error.message : null);

it('makes up trips, drops those without passengers, loads the rest and verifies them', async () => {
  const { results, values, log } = await run({});
  expect(Object.entries(results).map(([id, result]) => [id, result.outcome, errorOf(result)])).toEqual(
    ['extract', 'transform', 'load', 'verify'].map((id) => [id, 'success', null]),
  );
  const expected = expectedOf(gunzipSync(await readFile(join(folder, 'yellow_tripdata.csv.gz'))).toString());
  expect(await loadedTable()).toEqual({
    rows: expected.rows,
    passengers: expected.passengers,
    cents: expected.cents,
    first: expected.pickups[0],
    last: expected.pickups.at(-1),
    fewest: 1,
    unknown: 0,
  });
  expect(values['transform']).toMatchObject({ rows: expected.rows, dropped: { zero: 371, missing: 1436 } });
  expect(expected.rows).toBe(20_000 - 371 - 1436);
  expect(log).toContain('transform info: dropped 371 with zero passengers and 1,436 without a passenger count');
  expect(results['transform']).toMatchObject({
    checks: [
      { name: 'some trips are left', passed: true },
      { name: 'no zero passengers', passed: true },
    ],
  });
});

it('names the columns in snake case and keeps their types', async () => {
  await run({ rows: 100 });
  const columns = await warehouse.query<{ name: string; type: string }>(
    "select column_name as name, data_type as type from information_schema.columns where table_schema = 'ny_taxi' order by ordinal_position",
  );
  expect(Object.fromEntries(columns.map((column) => [column.name, column.type]))).toEqual({
    vendor_id: 'bigint',
    tpep_pickup_datetime: 'timestamp without time zone',
    tpep_dropoff_datetime: 'timestamp without time zone',
    passenger_count: 'bigint',
    trip_distance: 'double precision',
    ratecode_id: 'bigint',
    store_and_fwd_flag: 'text',
    pu_location_id: 'bigint',
    do_location_id: 'bigint',
    payment_type: 'bigint',
    fare_amount: 'double precision',
    extra: 'double precision',
    mta_tax: 'double precision',
    tip_amount: 'double precision',
    tolls_amount: 'double precision',
    improvement_surcharge: 'double precision',
    total_amount: 'double precision',
    congestion_surcharge: 'double precision',
  });
});

it('replaces the table of the run before', async () => {
  await run({ rows: 3000 });
  const { values } = await run({ rows: 500, seed: 7 });
  expect(await warehouse.query('select count(*) from ny_taxi.yellow_cab_data')).toEqual([
    { count: (values['verify'] as { rows: number }).rows },
  ]);
});

it('leaves the table as it was when a cell is not of its type, names the cell, and does not retry', async () => {
  const { values } = await run({ rows: 500 });
  const { results } = await run({ rows: 500 }, async (taskId) => {
    if (taskId !== 'transform') return;
    const path = join(folder, 'yellow_tripdata.csv.gz');
    const lines = gunzipSync(await readFile(path))
      .toString()
      .split('\n');
    lines[42] = (lines[42] as string).replace(/^\d/, 'two');
    await writeFile(path, gzipSync(lines.join('\n')));
  });
  expect(results['transform']).toMatchObject({ outcome: 'failed', retryable: false });
  expect(errorOf(results['transform'])).toContain('row 42 (line 43), column "VendorID": "two" is not a whole number');
  expect(await loadedTable()).toMatchObject({ rows: (values['verify'] as { rows: number }).rows });
});

it('fails when somebody else changes the table before it is verified', async () => {
  const { results } = await run({ rows: 500 }, async (taskId) => {
    if (taskId === 'verify') await warehouse.query('update ny_taxi.yellow_cab_data set passenger_count = 0 where vendor_id = 1');
  });
  expect(errorOf(results['verify'])).toMatch(/^ny_taxi\.yellow_cab_data is not what was loaded: \d+ trips have no passengers$/);
});

it('fails with the way out when every trip would be dropped', async () => {
  const { results } = await run({ rows: 500 }, async (taskId) => {
    if (taskId !== 'transform') return;
    const path = join(folder, 'yellow_tripdata.csv.gz');
    const text = gunzipSync(await readFile(path)).toString();
    await writeFile(path, gzipSync(text.replaceAll(/^(\d?,[^,]*,[^,]*),\d?,/gm, '$1,0,')));
  });
  expect(errorOf(results['transform'])).toContain('every trip was dropped');
});

it('says what is wrong with its params', async () => {
  const { results } = await run({ rows: 0 });
  expect(errorOf(results['extract'])).toContain("The run's params do not fit the DAG: rows");
});

describe('with a url', () => {
  let server: Server;
  let url: string;
  let file: Buffer;

  beforeAll(async () => {
    const place = await mkdtemp(join(tmpdir(), 'windlass-ny-taxi-server-'));
    const made = await writeTaxiTrips(join(place, 'trips.csv.gz'), { rows: 2000, seed: 99 });
    file = await readFile(made.path);
    await rm(place, { recursive: true });
    server = createServer((request, response) => {
      if (request.url === '/yellow_tripdata.csv.gz') response.end(file);
      else if (request.url === '/busy') response.writeHead(503, { 'retry-after': '30' }).end();
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  it('loads the file of a URL', async () => {
    const { results } = await run({ url: `${url}/yellow_tripdata.csv.gz` });
    expect(errorOf(results['verify'])).toBe(null);
    const expected = expectedOf(gunzipSync(file).toString());
    expect(await loadedTable()).toMatchObject({ rows: expected.rows, cents: expected.cents, passengers: expected.passengers });
  });

  it('gives up at once on a URL that is not there, and waits as long as a busy server asks', async () => {
    expect((await run({ url: `${url}/absent` })).results['extract']).toMatchObject({ outcome: 'failed', retryable: false });
    expect((await run({ url: `${url}/busy` })).results['extract']).toMatchObject({
      outcome: 'failed',
      retryable: true,
      retryAfterMs: 30_000,
    });
  });
});
