/**
 * SQL blocks on BigQuery: frames go there, and rows come back, as Parquet through a folder of Cloud Storage. Tables and objects have names of
 * their own for each attempt, and are removed when it ends; what a killed attempt leaves is named `windlass_…` and may be dropped.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { isReporting, isTracing, reportWritten } from '#sdk/runtime/asset-writes.ts';
import type { KnownTable } from '../arrow/column-origin.ts';
import type { AnyColumns, BatchStream } from '../arrow/frame.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import { frameTable } from '../arrow/frame-origin.ts';
import { standardBigquery } from './parse-select.ts';
import type { SqlSession } from './sql-engine.ts';
import { tracedBatches } from './statement-lineage.ts';

export interface BigQuerySessionOptions {
  readonly connection: string | undefined;
  /** `gs://bucket/folder`. */
  readonly staging: string | undefined;
  /** For the tables of frames. */
  readonly dataset: string;
}

export async function openBigQuerySession(ctx: Ctx<unknown>, options: BigQuerySessionOptions): Promise<SqlSession> {
  const { connectBigQuery } = await import('../google/bigquery.ts');
  const { connectGcs } = await import('../google/gcs.ts');
  const { writeParquet } = await import('../parquet/write-parquet.ts');
  const { readParquetBatches } = await import('../parquet/read-parquet.ts');
  const bigquery = await connectBigQuery(ctx, options.connection);
  const gcs = await connectGcs(ctx, options.connection);
  const session = `windlass_${randomBytes(6).toString('hex')}`;
  const tables: string[] = [];
  const frames = new Map<string, KnownTable>();
  const file = (name: string) => join(ctx.scratch, `${session}_${name}.parquet`);
  const folder = () => {
    if (options.staging === undefined)
      throw new Fatal("a SQL block on bigquery moves frames through Cloud Storage: { on: 'bigquery', staging: 'gs://bucket/folder' }.");
    return `${options.staging.replace(/\/+$/, '')}/${session}/`;
  };
  const table = async (name: string) => {
    await bigquery.ensureDataset(options.dataset);
    const full = `${options.dataset}.${session}_${name}`;
    tables.push(full);
    return full;
  };
  /** Each file is read while the others wait on the server. */
  async function* downloaded(prefix: string): AsyncGenerator<AnyColumns> {
    for (const { uri } of await gcs.list(prefix)) {
      const path = file('rows');
      await gcs.download(uri, path);
      yield* readParquetBatches(path);
      await rm(path, { force: true });
    }
  }
  return {
    async register(name, frame) {
      const path = file(name);
      await writeParquet(path, readFrameBatches(frame));
      const { uri } = await gcs.upload(path, `${folder()}${name}.parquet`);
      await rm(path, { force: true });
      if (isTracing()) frames.set(name, await frameTable(frame.path));
      const full = await table(name);
      await bigquery.load({ from: uri, table: full, ifExists: 'replace' });
      return `\`${full}\``;
    },
    async rows(sql): Promise<BatchStream> {
      const to = `${folder()}rows-`;
      const full = await table('rows');
      await bigquery.queryInto(full, sql, { ifExists: 'replace' });
      await bigquery.extract({ table: full, to: `${to}*.parquet` });
      return tracedBatches(downloaded(to), standardBigquery(sql), async () => null, frames);
    },
    async run(sql) {
      await bigquery.query(sql);
      const writing = isReporting() ? await (await import('./describe-writing.ts')).bigqueryWriting(sql, frames) : null;
      if (writing !== null) reportWritten(bigquery.writtenAt(`${writing.dataset}.${writing.table}`, writing));
      return null;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(tables.map((full) => bigquery.dropTable(full)));
      if (tables.length > 0) await gcs.deleteAll(folder()).catch(() => undefined);
    },
  };
}
