/**
 * The first pipeline of the course, of blocks: a loader, a transformer and an exporter with their checks. A month of New York taxi trips from a
 * gzipped CSV, without the trips that carried nobody, into the table `ny_taxi.yellow_cab_data` of the connection `warehouse`.
 */
import { join } from 'node:path';
import { dag, dataExporter, dataLoader, transformer } from 'windlass';
import { type FrameFile, filterRows, isFrameFile, readFrameBatches, renameColumns, saveFrame, snakeCase } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { downloadFile } from 'windlass/providers/files';
import { connectPostgres } from 'windlass/providers/postgres';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from 'windlass/providers/sample-data';
import { z } from 'zod';

const frame = z.custom<FrameFile>(isFrameFile);

const loadTrips = dataLoader({
  name: 'load_api_data',
  input: z.object({ url: z.string().nullable(), rows: z.number() }),
  run: async ({ url, rows }, ctx) => {
    const path = join(ctx.scratch, 'yellow_tripdata.csv.gz');
    if (url === null) await writeTaxiTrips(path, { rows, signal: ctx.signal });
    else await downloadFile(url, path, { signal: ctx.signal });
    return saveFrame(ctx, readCsvBatches(path, { types: TAXI_COLUMN_TYPES }));
  },
  checks: { 'there are trips': (out) => out.rows > 0 || 'the file has no rows' },
});

const dropEmptyTrips = transformer({
  name: 'transform_taxi_data',
  input: z.object({ trips: frame }),
  run: ({ trips }, ctx) => {
    const carried = filterRows(readFrameBatches(trips), { passenger_count: (passengers) => passengers !== null && Number(passengers) > 0 });
    return saveFrame(ctx, renameColumns(carried, snakeCase));
  },
  checks: {
    'no trips without passengers': async (out) => {
      let empty = 0;
      const left = filterRows(readFrameBatches(out), { passenger_count: (passengers) => passengers === null || Number(passengers) <= 0 });
      for await (const batch of left) empty += batch.numRows;
      return empty === 0 || `${empty} of ${out.rows} trips carried nobody`;
    },
  },
});

const exportToPostgres = dataExporter({
  name: 'export_to_postgres',
  input: z.object({ trips: frame, schema: z.string(), table: z.string() }),
  run: async ({ trips, schema, table }, ctx) => {
    await using warehouse = await connectPostgres(ctx, 'warehouse');
    const { rows } = await warehouse.loadTable({ schema, table, frame: readFrameBatches(trips), ifExists: 'replace' });
    const [found] = await warehouse.query<{ n: number }>(`select count(*) as n from ${schema}.${table}`);
    ctx.log.info(`${rows} trips in ${schema}.${table}`);
    return { sent: rows, found: found?.n ?? 0 };
  },
  checks: { 'all of them arrived': ({ sent, found }) => sent === found || `${sent} were sent, but ${found} are there` },
});

export default dag(
  'ny_taxi_to_postgres',
  {
    description: 'NYC taxi trips: gzipped CSV → cleaned → Postgres, of blocks',
    tags: ['example', 'course'],
    schedule: null,
    maxActiveRuns: 1,
    params: z.strictObject({
      url: z.url().nullable().default(null).describe('A yellow_tripdata CSV, gzipped or not. Empty: made-up trips, no network needed.'),
      rows: z.int().min(1).max(5_000_000).default(20_000).describe('How many trips to make up when there is no URL.'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ params, task }) => {
    const trips = task('load_api_data', { url: params.at('url'), rows: params.at('rows') }, loadTrips);
    const carried = task('transform_taxi_data', { trips }, dropEmptyTrips);
    return task('export_to_postgres', { trips: carried, schema: 'ny_taxi', table: 'yellow_cab_data' }, exportToPostgres);
  },
);
