/**
 * The classic first pipeline: taxi trips from a gzipped CSV, cleaned, into a Postgres table, and checked there.
 *
 * Without parameters it makes its own input (20,000 made-up trips in the original format), so it runs offline. With
 * `url` it takes any file of that format, for example yellow_tripdata_2021-01.csv.gz of the NYC taxi commission.
 */
import { join } from 'node:path';
import { dag, Fatal } from 'windlass';
import { filterRows, readFrameBatches, renameColumns, snakeCase, writeFrame } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { downloadFile } from 'windlass/providers/files';
import { connectPostgres } from 'windlass/providers/postgres';
import { writeTaxiTrips } from 'windlass/providers/sample-data';
import { z } from 'zod';

const TARGET = { schema: 'ny_taxi', table: 'yellow_cab_data' };

/** The file's columns. Nothing is guessed: a cell that is not of its type stops the run and is named. */
const COLUMN_TYPES = {
  VendorID: 'int64',
  tpep_pickup_datetime: 'timestamp',
  tpep_dropoff_datetime: 'timestamp',
  passenger_count: 'int64',
  trip_distance: 'float64',
  RatecodeID: 'int64',
  store_and_fwd_flag: 'text',
  PULocationID: 'int64',
  DOLocationID: 'int64',
  payment_type: 'int64',
  fare_amount: 'float64',
  extra: 'float64',
  mta_tax: 'float64',
  tip_amount: 'float64',
  tolls_amount: 'float64',
  improvement_surcharge: 'float64',
  total_amount: 'float64',
  congestion_surcharge: 'float64',
} as const;

const count = (rows: number) => rows.toLocaleString('en-US');
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export default dag(
  'ny_taxi',
  {
    description: 'NYC taxi trips: gzipped CSV → typed → cleaned → Postgres → verified',
    docMd: [
      'Loads `ny_taxi.yellow_cab_data` in the connection `warehouse`, replacing the table.',
      '',
      'Trips with zero passengers are dropped, and so are those whose passenger count is **missing**: nobody knows whether anyone was in the car.',
    ].join('\n'),
    tags: ['example', 'etl'],
    // Once by itself when Windlass first sees it; then with the Trigger button.
    schedule: '@once',
    isPausedUponCreation: false,
    // Each run replaces the table, so two at a time would only undo each other.
    maxActiveRuns: 1,
    params: z.strictObject({
      url: z.url().nullable().default(null).describe('A yellow_tripdata CSV, gzipped or not. Empty: made-up trips, no network needed.'),
      rows: z.int().min(1).max(5_000_000).default(20_000).describe('How many trips to make up when there is no URL.'),
      seed: z.int().min(0).default(2021).describe('The same seed makes the same trips.'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ task }) => {
    const file = task(
      'extract',
      async (ctx) => {
        const path = join(ctx.scratch, 'yellow_tripdata.csv.gz');
        const { url, rows, seed } = ctx.params;
        if (url === null) {
          ctx.log.info(`no url given: making up ${count(rows)} trips (seed ${seed})`);
          const made = await writeTaxiTrips(path, {
            rows,
            seed,
            signal: ctx.signal,
            onProgress: (done) => ctx.heartbeat({ done, total: rows }),
          });
          ctx.log.info(
            `wrote ${megabytes(made.bytes)}: ${count(made.zeroPassengerRows)} trips without passengers, ${count(made.incompleteRows)} incomplete`,
          );
          return { path, bytes: made.bytes, source: 'made up' };
        }
        ctx.log.info(`downloading ${url}`);
        const onProgress = (bytes: number, total: number | null) => ctx.heartbeat({ done: bytes, total: total ?? bytes, note: 'bytes' });
        const download = await downloadFile(url, path, { signal: ctx.signal, onProgress });
        ctx.log.info(`downloaded ${megabytes(download.bytes)}`, { sha256: download.sha256 });
        return { path, bytes: download.bytes, source: url };
      },
      { retries: 4, retryExponentialBackoff: 2, maxRetryDelay: '5m', checks: { 'the file is not empty': (out) => out.bytes > 0 } },
    );

    const trips = task(
      'transform',
      { file },
      async ({ file }, ctx) => {
        const dropped = { zero: 0, missing: 0 };
        const all = readCsvBatches(file.path, { types: COLUMN_TYPES });
        const carried = filterRows(all, {
          passenger_count: (passengers) => {
            if (passengers === null) dropped.missing++;
            else if (passengers <= 0) dropped.zero++;
            return passengers !== null && passengers > 0;
          },
        });
        const frame = await writeFrame(join(ctx.scratch, 'yellow_cab_data.arrow'), renameColumns(carried, snakeCase));
        const read = frame.rows + dropped.zero + dropped.missing;
        ctx.log.info(`read ${count(read)} trips, ${Object.keys(COLUMN_TYPES).length} typed columns`);
        ctx.log.info(`dropped ${count(dropped.zero)} with zero passengers and ${count(dropped.missing)} without a passenger count`);
        ctx.log.info(`kept ${count(frame.rows)} (${((100 * frame.rows) / Math.max(read, 1)).toFixed(1)} %)`);
        return { ...frame, dropped };
      },
      {
        checks: {
          'some trips are left': (out) => out.rows > 0 || 'every trip was dropped: is passenger_count filled in this file?',
          // Reads the file that goes on, not the counters: what is checked is what will be loaded.
          'no zero passengers': async (out) => {
            const left = filterRows(readFrameBatches(out.path), {
              passenger_count: (passengers) => passengers === null || Number(passengers) <= 0,
            });
            let rows = 0;
            for await (const batch of left) rows += batch.numRows;
            return rows === 0 || `${rows} of ${out.rows} trips have no passengers`;
          },
        },
      },
    );

    const loaded = task('load', { trips }, async ({ trips }, ctx) => {
      await using warehouse = await connectPostgres(ctx, 'warehouse');
      const startedAt = performance.now();
      const result = await warehouse.loadTable({
        ...TARGET,
        frame: readFrameBatches(trips.path),
        ifExists: 'replace',
        onProgress: (done) => ctx.heartbeat({ done, total: trips.rows, note: 'rows' }),
      });
      const seconds = (performance.now() - startedAt) / 1000;
      ctx.log.info(
        `loaded ${count(result.rows)} rows into ${TARGET.schema}.${TARGET.table} in ${seconds.toFixed(1)} s (${megabytes(result.bytes)})`,
      );
      return { rows: result.rows };
    });

    return task('verify', { trips, loaded }, async ({ trips, loaded }, ctx) => {
      await using warehouse = await connectPostgres(ctx, 'warehouse');
      const [found] = await warehouse.query<{ rows: number; empty: number; first_pickup: Date; last_pickup: Date; total_amount: number }>(
        `select count(*) as rows, count(*) filter (where passenger_count is null or passenger_count <= 0) as empty,
                min(tpep_pickup_datetime) as first_pickup, max(tpep_pickup_datetime) as last_pickup, round(sum(total_amount)) as total_amount
           from ny_taxi.yellow_cab_data`,
      );
      const columns = await warehouse.query<{ name: string }>(
        'select column_name as name from information_schema.columns where table_schema = $1 and table_name = $2 order by ordinal_position',
        [TARGET.schema, TARGET.table],
      );
      const names = columns.map((column) => column.name);
      const problems = [
        found?.rows === loaded.rows && loaded.rows === trips.rows ? null : `the table has ${found?.rows} rows, ${trips.rows} were sent`,
        found?.empty === 0 ? null : `${found?.empty} trips have no passengers`,
        names.join() === trips.columns.join() ? null : `the columns are ${names.join(', ')}, not ${trips.columns.join(', ')}`,
      ].filter((problem) => problem !== null);
      if (found === undefined || problems.length > 0)
        throw new Fatal(`${TARGET.schema}.${TARGET.table} is not what was loaded: ${problems.join('; ')}`);
      ctx.log.info(`verified ${count(found.rows)} rows and ${names.length} columns by SQL: no trip without passengers`);
      const minute = (date: Date) => date.toISOString().slice(0, 16).replace('T', ' ');
      ctx.log.info(
        `first pickup ${minute(found.first_pickup)}, last ${minute(found.last_pickup)}; ${count(found.total_amount)} $ paid in all`,
      );
      return { rows: found.rows, firstPickup: found.first_pickup.toISOString(), lastPickup: found.last_pickup.toISOString() };
    });
  },
);
