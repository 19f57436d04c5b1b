/**
 * One day of real flights (January to June 2001) to `YYYY/MM/DD/daily-trips.parquet` in Google Cloud Storage. The day is that of the run's
 * interval, so that a backfill over a range of dates makes one file for each, and making one again replaces it.
 */
import { join } from 'node:path';
import { cron, dag, Skip } from 'windlass';
import { openDuckdb } from 'windlass/providers/duckdb';
import { connectGcs } from 'windlass/providers/google';
import { flightsFile } from 'windlass/providers/sample-data';
import { z } from 'zod';

export default dag(
  'daily_trips',
  {
    description: 'Flights of one day → Parquet in Google Cloud Storage; made for backfills',
    docMd: 'Backfill it: `windlass backfill create --dag-id daily_trips --from-date 2001-01-01 --to-date 2001-01-31`',
    tags: ['example', 'clouds', 'backfill'],
    schedule: cron('@daily', { logicalDate: 'start' }),
    startDate: '2001-01-01',
    endDate: '2001-06-30',
    // Only what a backfill or a person asks for.
    catchup: 'none',
    params: z.strictObject({
      day: z.iso.date().nullable().default(null).describe("Another day than the run's own, as 2001-01-31."),
      bucket: z.string().default('windlass-examples'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s' },
  },
  ({ task }) => {
    const trips = task('extract', async (ctx) => {
      const day = ctx.params.day ?? ctx.run.interval.start.toISOString().slice(0, 10);
      const path = join(ctx.scratch, 'daily-trips.parquet');
      await using duckdb = await openDuckdb();
      const rows = await duckdb.copyTo(
        `select date, delay, distance, origin, destination from '${flightsFile()}' where date::date = date '${day}' order by date, origin, destination`,
        path,
      );
      if (rows === 0) throw new Skip(`there are no flights on ${day}`);
      ctx.log.info(`${rows} flights on ${day}`);
      return { day, path, rows };
    });

    return task(
      'load',
      { trips },
      async ({ trips }, ctx) => {
        const uri = `gs://${ctx.params.bucket}/${trips.day.replaceAll('-', '/')}/daily-trips.parquet`;
        const object = await (await connectGcs(ctx)).upload(trips.path, uri);
        ctx.log.info(`uploaded ${object.bytes} bytes to ${uri}`);
        return { uri, rows: trips.rows };
      },
      { checks: { 'it lies under its day': (out) => /\/\d{4}\/\d\d\/\d\d\/daily-trips\.parquet$/.test(out.uri) || out.uri } },
    );
  },
);
