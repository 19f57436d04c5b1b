/**
 * One download to two lakes: taxi trips as Parquet go to Cloud Storage and to S3 at the same time, and from Cloud Storage into BigQuery, where
 * they are counted again.
 */
import { join } from 'node:path';
import { dag } from 'windlass';
import { connectS3 } from 'windlass/providers/amazon';
import { filterRows, renameColumns, snakeCase } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { downloadFile } from 'windlass/providers/files';
import { connectBigQuery, connectGcs } from 'windlass/providers/google';
import { writeParquet } from 'windlass/providers/parquet';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from 'windlass/providers/sample-data';
import { z } from 'zod';

export default dag(
  'lake_fanout',
  {
    description: 'Taxi trips → Parquet → Cloud Storage → BigQuery, with S3 beside',
    tags: ['example', 'clouds', 'course'],
    schedule: null,
    params: z.strictObject({
      url: z.url().nullable().default(null).describe('A yellow_tripdata CSV, gzipped or not. Empty: made-up trips, no network needed.'),
      rows: z.int().min(1).max(5_000_000).default(20_000).describe('How many trips to make up when there is no URL.'),
      bucket: z.string().default('windlass-examples').describe('Of this name in both clouds.'),
      dataset: z.string().default('trips_data_all'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ task }) => {
    const file = task(
      'download',
      async (ctx) => {
        const path = join(ctx.scratch, 'yellow_tripdata.csv.gz');
        const { url, rows } = ctx.params;
        if (url === null) return { path, bytes: (await writeTaxiTrips(path, { rows, signal: ctx.signal })).bytes };
        return { path, bytes: (await downloadFile(url, path, { signal: ctx.signal })).bytes };
      },
      { checks: { 'the file is not empty': (out) => out.bytes > 0 } },
    );

    const parquet = task(
      'parquetize',
      { file },
      ({ file }, ctx) => {
        const trips = readCsvBatches(file.path, { types: TAXI_COLUMN_TYPES });
        const carried = filterRows(trips, { passenger_count: (passengers) => passengers !== null && passengers > 0 });
        return writeParquet(join(ctx.scratch, 'yellow_tripdata.parquet'), renameColumns(carried, snakeCase));
      },
      { checks: { 'some trips are left': (out) => out.rows > 0 || 'every trip was dropped' } },
    );

    const inGcs = task('to_gcs', { parquet }, async ({ parquet }, ctx) => {
      const { uri, bytes } = await (await connectGcs(ctx)).upload(parquet.path, `gs://${ctx.params.bucket}/raw/yellow_tripdata.parquet`);
      ctx.log.info(`${bytes} bytes in ${uri}`);
      return { uri, rows: parquet.rows };
    });

    const inS3 = task('to_s3', { parquet }, async ({ parquet }, ctx) => {
      await using s3 = await connectS3(ctx);
      const { uri, bytes } = await s3.upload(parquet.path, `s3://${ctx.params.bucket}/raw/yellow_tripdata.parquet`);
      ctx.log.info(`${bytes} bytes in ${uri}`);
      return { uri, bytes };
    });

    const loaded = task(
      'to_bigquery',
      { inGcs },
      async ({ inGcs }, ctx) => {
        const bigquery = await connectBigQuery(ctx);
        await bigquery.ensureDataset(ctx.params.dataset);
        const table = `${ctx.params.dataset}.yellow_tripdata`;
        const { rows } = await bigquery.load({ from: inGcs.uri, table, ifExists: 'replace' });
        const [found] = await bigquery.query<{ n: number }>(`select count(*) as n from ${table}`);
        return { table, sent: inGcs.rows, loaded: rows, found: found?.n ?? 0 };
      },
      { checks: { 'all trips arrived': (out) => out.sent === out.found || `${out.sent} were sent, but ${out.found} are in ${out.table}` } },
    );

    return { loaded, inS3 };
  },
);
