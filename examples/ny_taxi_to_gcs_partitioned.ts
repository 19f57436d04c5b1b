/**
 * A month of New York taxi trips to Google Cloud Storage, partitioned by the day of pickup. Running it again leaves the same objects:
 * the partitions it has trips of are replaced, the others stay.
 */
import { join } from 'node:path';
import { dag } from 'windlass';
import { filterRows, renameColumns, snakeCase } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { connectGcs } from 'windlass/providers/google';
import { dayOf, writeDataset } from 'windlass/providers/parquet';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from 'windlass/providers/sample-data';
import { z } from 'zod';

export default dag(
  'ny_taxi_to_gcs_partitioned',
  {
    description: 'NYC taxi trips → Parquet by day of pickup in Google Cloud Storage',
    tags: ['example', 'clouds'],
    schedule: null,
    params: z.strictObject({
      rows: z.int().min(1).max(5_000_000).default(20_000).describe('How many trips to make up.'),
      bucket: z.string().default('windlass-examples'),
      folder: z.string().default('ny_taxi/by_pickup_date'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ task }) => {
    const file = task('extract', async (ctx) => {
      const path = join(ctx.scratch, 'yellow_tripdata.csv.gz');
      return { path: (await writeTaxiTrips(path, { rows: ctx.params.rows, signal: ctx.signal })).path };
    });

    const dataset = task(
      'transform',
      { file },
      async ({ file }, ctx) => {
        const trips = readCsvBatches(file.path, { types: TAXI_COLUMN_TYPES });
        const carried = filterRows(trips, { passenger_count: (passengers) => passengers !== null && passengers > 0 });
        const written = await writeDataset(join(ctx.scratch, 'by_pickup_date'), renameColumns(carried, snakeCase), {
          partitionBy: [{ name: 'pickup_date', from: 'tpep_pickup_datetime', value: dayOf }],
          existing: 'replace-all',
        });
        ctx.log.info(`${written.rows} trips on ${written.files.length} days`);
        return written;
      },
      { checks: { 'some trips are left': (out) => out.rows > 0 || 'every trip was dropped' } },
    );

    return task(
      'load',
      { dataset },
      async ({ dataset }, ctx) => {
        const gcs = await connectGcs(ctx);
        const objects = await gcs.uploadDataset(dataset, `gs://${ctx.params.bucket}/${ctx.params.folder}`);
        ctx.log.info(`uploaded ${objects.length} objects`);
        return { rows: dataset.rows, files: dataset.files.length, objects: objects.length };
      },
      {
        checks: {
          'every file is in the bucket': (out) => out.objects === out.files || `${out.objects} of ${out.files} files were uploaded`,
        },
      },
    );
  },
);
