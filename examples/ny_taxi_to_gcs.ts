/**
 * A month of New York taxi trips to Google Cloud Storage as one Parquet file: gzipped CSV -> typed -> trips without
 * passengers dropped -> Parquet -> bucket -> read back and counted.
 */
import { join } from 'node:path';
import { dag, Fatal } from 'windlass';
import { filterRows, renameColumns, snakeCase } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { downloadFile } from 'windlass/providers/files';
import { connectGcs } from 'windlass/providers/google';
import { readParquetBatches, writeParquet } from 'windlass/providers/parquet';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from 'windlass/providers/sample-data';
import { z } from 'zod';

export default dag(
  'ny_taxi_to_gcs',
  {
    description: 'NYC taxi trips: gzipped CSV → typed → cleaned → one Parquet file in Google Cloud Storage',
    tags: ['example', 'clouds'],
    schedule: null,
    params: z.strictObject({
      url: z.url().nullable().default(null).describe('A yellow_tripdata CSV, gzipped or not. Empty: made-up trips, no network needed.'),
      rows: z.int().min(1).max(5_000_000).default(20_000).describe('How many trips to make up when there is no URL.'),
      bucket: z.string().default('windlass-examples'),
      object: z.string().default('ny_taxi/yellow_cab_data.parquet'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ task }) => {
    const file = task('extract', async (ctx) => {
      const path = join(ctx.scratch, 'yellow_tripdata.csv.gz');
      const { url, rows } = ctx.params;
      if (url !== null) return { path: (await downloadFile(url, path, { signal: ctx.signal })).path };
      ctx.log.info(`no url given: making up ${rows} trips`);
      return { path: (await writeTaxiTrips(path, { rows, signal: ctx.signal })).path };
    });

    const parquet = task(
      'transform',
      { file },
      async ({ file }, ctx) => {
        const trips = readCsvBatches(file.path, { types: TAXI_COLUMN_TYPES });
        const carried = filterRows(trips, { passenger_count: (passengers) => passengers !== null && passengers > 0 });
        const written = await writeParquet(join(ctx.scratch, 'yellow_cab_data.parquet'), renameColumns(carried, snakeCase));
        ctx.log.info(`kept ${written.rows} trips with passengers`);
        return written;
      },
      { checks: { 'some trips are left': (out) => out.rows > 0 || 'every trip was dropped' } },
    );

    const sent = task('load', { parquet }, async ({ parquet }, ctx) => {
      const gcs = await connectGcs(ctx);
      const object = await gcs.upload(parquet.path, `gs://${ctx.params.bucket}/${ctx.params.object}`);
      ctx.log.info(`uploaded ${object.bytes} bytes to ${object.uri}`);
      return { ...object, rows: parquet.rows };
    });

    return task('verify', { sent }, async ({ sent }, ctx) => {
      const copy = join(ctx.scratch, 'copy.parquet');
      await (await connectGcs(ctx)).download(sent.uri, copy);
      let rows = 0;
      for await (const batch of readParquetBatches(copy, { columns: ['vendor_id'] })) rows += batch.numRows;
      if (rows !== sent.rows) throw new Fatal(`${sent.uri} has ${rows} rows, but ${sent.rows} were sent.`);
      return { uri: sent.uri, rows };
    });
  },
);
