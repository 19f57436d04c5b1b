/** Passengers of the Titanic (made up, or from a URL): missing ages get the median of their class and sex; the clean list goes to S3. */
import { join } from 'node:path';
import { dag } from 'windlass';
import { connectS3 } from 'windlass/providers/amazon';
import { readCsvBatches } from 'windlass/providers/csv';
import { openDuckdb } from 'windlass/providers/duckdb';
import { downloadFile } from 'windlass/providers/files';
import { TITANIC_COLUMN_TYPES, writeTitanic } from 'windlass/providers/sample-data';
import { z } from 'zod';

const CLEAN = `
  select * replace (
    round(coalesce("Age", median("Age") over (partition by "Pclass", "Sex"), median("Age") over ()), 1) as "Age",
    coalesce("Cabin", 'unknown') as "Cabin",
    coalesce("Embarked", mode("Embarked") over ()) as "Embarked"
  )
  from passengers
  order by "PassengerId"`;

export default dag(
  'titanic',
  {
    description: 'Titanic passengers: CSV → missing values filled in → S3',
    tags: ['example', 'clouds'],
    schedule: null,
    params: z.strictObject({
      url: z.url().nullable().default(null).describe('A titanic.csv. Empty: made-up passengers, no network needed.'),
      bucket: z.string().default('windlass-examples'),
    }),
    defaultArgs: { retries: 2, retryDelay: '10s' },
  },
  ({ task }) => {
    const file = task('load_titanic', async (ctx) => {
      const path = join(ctx.scratch, 'titanic.csv');
      const { url } = ctx.params;
      return { path: url === null ? (await writeTitanic(path)).path : (await downloadFile(url, path, { signal: ctx.signal })).path };
    });

    const clean = task(
      'fill_in_missing_values',
      { file },
      async ({ file }, ctx) => {
        await using duckdb = await openDuckdb();
        await duckdb.register('passengers', readCsvBatches(file.path, { types: TITANIC_COLUMN_TYPES }));
        const path = join(ctx.scratch, 'titanic_clean.csv');
        const rows = await duckdb.copyTo(CLEAN, path);
        const [left] = await duckdb.query<{ n: number }>(`select count(*) as n from (${CLEAN}) where "Age" is null or "Embarked" is null`);
        return { path, rows, missing: left?.n ?? 0 };
      },
      { checks: { 'nothing is missing': (out) => out.missing === 0 || `${out.missing} passengers still lack an age or a port` } },
    );

    return task('export_titanic_clean', { clean }, async ({ clean }, ctx) => {
      await using s3 = await connectS3(ctx);
      const object = await s3.upload(clean.path, `s3://${ctx.params.bucket}/titanic/titanic_clean.csv`, { contentType: 'text/csv' });
      ctx.log.info(`uploaded ${clean.rows} passengers to ${object.uri}`);
      return { ...object, rows: clean.rows };
    });
  },
);
