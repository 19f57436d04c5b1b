/**
 * The partitioned trips of `ny_taxi_to_gcs_partitioned` from Google Cloud Storage into BigQuery. A retry finds the load of the attempt
 * before it: rows are never loaded twice.
 */
import { dag, Fatal } from 'windlass';
import { connectBigQuery, connectGcs } from 'windlass/providers/google';
import { z } from 'zod';

export default dag(
  'gcs_to_bigquery',
  {
    description: 'Partitioned Parquet in Google Cloud Storage → BigQuery → summed up by day',
    tags: ['example', 'clouds'],
    schedule: null,
    params: z.strictObject({
      bucket: z.string().default('windlass-examples'),
      folder: z.string().default('ny_taxi/by_pickup_date'),
      dataset: z.string().default('ny_taxi'),
    }),
    defaultArgs: { retries: 3, retryDelay: '10s', executionTimeout: '15m' },
  },
  ({ task }) => {
    const found = task('look', async (ctx) => {
      const folder = `gs://${ctx.params.bucket}/${ctx.params.folder}/`;
      const days = await (await connectGcs(ctx)).listFolders(folder);
      if (days.length === 0) throw new Fatal(`there is nothing in ${folder}. Run ny_taxi_to_gcs_partitioned first.`);
      return { folder, days: days.length };
    });

    const loaded = task(
      'load',
      { found },
      async ({ found }, ctx) => {
        const bigquery = await connectBigQuery(ctx);
        await bigquery.ensureDataset(ctx.params.dataset);
        const table = `${ctx.params.dataset}.yellow_cab_data`;
        const result = await bigquery.load({ from: `${found.folder}*`, hiveFolder: found.folder, table, ifExists: 'replace' });
        ctx.log.info(`${result.rows} rows in ${table}${result.wasDone ? ', loaded by an earlier attempt' : ''}`);
        return result;
      },
      { checks: { 'rows were loaded': (out) => out.rows > 0 || 'the folder had no rows' } },
    );

    return task('summarise', { found, loaded }, async ({ found, loaded }, ctx) => {
      const bigquery = await connectBigQuery(ctx);
      const days = await bigquery.query<{ pickup_date: string; trips: number; paid: number }>(
        `select pickup_date, count(*) as trips, round(sum(total_amount), 2) as paid from ${loaded.table} group by pickup_date order by pickup_date`,
      );
      if (days.length !== found.days) throw new Fatal(`${loaded.table} has ${days.length} days, but there are ${found.days} folders.`);
      for (const day of days) ctx.log.info(`${day.pickup_date}: ${day.trips} trips, ${day.paid} $`);
      return { days: days.length, rows: days.reduce((sum, day) => sum + day.trips, 0) };
    });
  },
);
