/**
 * Frames into tables by binary COPY, in one transaction: all rows, or the table as it was.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { OriginWatch, watched } from '../arrow/column-origin.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { columnsOf, firstRowsOf } from '../arrow/report-writing.ts';
import { columnTypeOf } from './column-types.ts';
import { type CopyProgress, encodeCopy } from './encode-copy.ts';
import { quoteName, quoteTable, stagingName, type TableName } from './identifiers.ts';

/**
 * `replace`: the table becomes this frame; readers see the old rows until the new ones are complete. It is a new table:
 * grants, indexes and views on the old one are not carried over (a view on it makes the load fail).
 * `append`: rows are added, the table is made if need be. `fail`: the table must not exist.
 */
export type IfExists = 'replace' | 'append' | 'fail';

export interface LoadOptions extends TableName {
  readonly frame: Frame;
  readonly ifExists: IfExists;
  /** Called after each batch with the rows sent so far. */
  readonly onProgress?: (rows: number) => void;
}

export interface LoadResult {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
  /** Bytes sent to the server. */
  readonly bytes: number;
  readonly columns: readonly string[];
}

/** Where the rows go, what the transaction does before, and what makes them appear under the table's name. */
interface LoadPlan {
  /** Quoted. */
  readonly target: string;
  finish(): Promise<void>;
}

/** A swap waits this long for readers of the old table, instead of making others queue behind it forever. */
const SWAP_LOCK_TIMEOUT = "'60s'";

/** Loads a frame. Throws, with the table as it was, when a row is refused or the frame itself fails. */
export async function loadTable(client: Client, options: LoadOptions, connectionId?: string): Promise<LoadResult> {
  const origin = new OriginWatch();
  const batches = watched(batchesOf(options.frame), origin);
  const first = await batches.next();
  if (first.done) throw new RangeError('a frame without a single batch has no columns and cannot be loaded.');
  const { schema } = first.value;
  const progress: CopyProgress = { rows: 0, bytes: 0 };
  const place = placeOf(client, options, connectionId);
  await client.query('begin');
  try {
    await lockTable(client, options);
    const plan = await planLoad(client, options, schema);
    await copyInto(client, plan.target, schema, reported(first.value, batches, progress, options.onProgress), progress);
    await plan.finish();
    await beforePublish({ ...place, columns: columnsOf(schema) });
    await client.query('commit');
  } catch (error) {
    // A lost connection has rolled back by itself; its error is the one worth telling.
    await client.query('rollback').catch(() => undefined);
    await batches.return(undefined);
    throw explain(error, options);
  }
  const adds = options.ifExists === 'append';
  reportWritten({ ...place, columns: columnsOf(schema), ...progress, adds, ...origin.facts(), ...firstRowsOf(first.value) });
  return {
    schema: options.schema ?? 'public',
    table: options.table,
    rows: progress.rows,
    bytes: progress.bytes,
    columns: schema.fields.map((field) => field.name),
  };
}

/** Fills a temporary table, which lasts as long as the session. One of the same name is replaced. */
export async function loadTemporaryTable(client: Client, table: string, frame: Frame): Promise<number> {
  const batches = batchesOf(frame);
  const first = await batches.next();
  if (first.done) throw new RangeError('a frame without a single batch has no columns and cannot be loaded.');
  const { schema } = first.value;
  const progress: CopyProgress = { rows: 0, bytes: 0 };
  await client.query(`drop table if exists pg_temp.${quoteName(table)}`);
  await client.query(`create temporary table ${quoteName(table)} (${columnsSql(schema)})`);
  await copyInto(client, `pg_temp.${quoteName(table)}`, schema, reported(first.value, batches, progress, undefined), progress);
  return progress.rows;
}

/** The names an asset may have for a table. */
export function placeOf(
  { host, port, database }: Pick<Client, 'host' | 'port' | 'database'>,
  { schema = 'public', table }: TableName,
  connectionId?: string,
): { readonly uri: string; readonly alsoKnownAs: readonly string[] } {
  const names = connectionId === undefined ? [] : [`${connectionId}/${database}/${schema}/${table}`, `${connectionId}/${schema}/${table}`];
  return {
    uri: `postgres://${host}:${port}/${database}/${schema}/${table}`,
    alsoKnownAs: [...names.map((name) => `postgres://${name}`), `${schema}.${table}`, table],
  };
}

/** `create table` for the columns of a frame. */
export function createTableSql(name: TableName, schema: Schema): string {
  return `create table ${quoteTable(name)} (${columnsSql(schema)})`;
}

/** Creates an empty table with the columns of a frame, and its schema if need be. */
export async function createTable(client: Client, name: TableName, schema: Schema): Promise<void> {
  await client.query(`create schema if not exists ${quoteName(name.schema ?? 'public')}`);
  await client.query(createTableSql(name, schema));
}

function columnsSql(schema: Schema): string {
  return schema.fields
    .map((field) => `${quoteName(field.name)} ${columnTypeOf(field.type, field.name).sql}${field.nullable ? '' : ' not null'}`)
    .join(', ');
}

/** Two loads of one table wait for each other instead of mixing. Held until the transaction ends. */
async function lockTable(client: Client, name: TableName): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`windlass.load ${quoteTable(name)}`]);
}

function planLoad(client: Client, options: LoadOptions, schema: Schema): Promise<LoadPlan> {
  switch (options.ifExists) {
    case 'replace':
      return planReplace(client, options, schema);
    case 'append':
      return planAppend(client, options, schema);
    case 'fail':
      return planNew(client, options, schema);
    default:
      throw new RangeError(`ifExists must be replace, append or fail, not ${JSON.stringify(options.ifExists satisfies never)}.`);
  }
}

async function planReplace(client: Client, options: LoadOptions, schema: Schema): Promise<LoadPlan> {
  const staging = { ...options, table: stagingName(options.table, randomBytes(4).toString('hex')) };
  await createTable(client, staging, schema);
  return {
    target: quoteTable(staging),
    async finish() {
      await client.query(`set local lock_timeout = ${SWAP_LOCK_TIMEOUT}`);
      await client.query(`drop table if exists ${quoteTable(options)}`);
      await client.query(`alter table ${quoteTable(staging)} rename to ${quoteName(options.table)}`);
    },
  };
}

async function planNew(client: Client, options: LoadOptions, schema: Schema): Promise<LoadPlan> {
  if ((await existingColumns(client, options)).size > 0) {
    throw new Error(`table ${quoteTable(options)} exists already. Choose ifExists 'replace' or 'append', or another name.`);
  }
  await createTable(client, options, schema);
  return { target: quoteTable(options), finish: async () => undefined };
}

async function planAppend(client: Client, options: LoadOptions, schema: Schema): Promise<LoadPlan> {
  const existing = await existingColumns(client, options);
  if (existing.size === 0) return planNew(client, options, schema);
  const names = schema.fields.map((field) => field.name);
  const unknown = names.filter((name) => !existing.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `table ${quoteTable(options)} has no column ${unknown.join(', ')}; it has ${[...existing.keys()].join(', ')}. Add it, or leave it out of the frame.`,
    );
  }
  const target = quoteTable(options);
  if (schema.fields.every((field) => existing.get(field.name) === columnTypeOf(field.type, field.name).sql)) {
    return { target, finish: async () => undefined };
  }
  // The binary format must be of the very type of the column: rows of another type are cast by an insert.
  const staging = quoteName(stagingName(options.table, randomBytes(4).toString('hex')));
  await client.query(`create temporary table ${staging} (${columnsSql(schema)}) on commit drop`);
  const columns = names.map(quoteName).join(', ');
  return {
    target: staging,
    finish: async () => {
      await client.query(`insert into ${target} (${columns}) select ${columns} from ${staging}`);
    },
  };
}

/** Column name -> type, empty when there is no such table. */
async function existingColumns(client: Client, name: TableName): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_attribute a
      where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [quoteTable(name)],
  );
  return new Map(rows.map((row) => [row.name, row.type]));
}

async function copyInto(
  client: Client,
  target: string,
  schema: Schema,
  batches: AsyncIterable<RecordBatch>,
  progress: CopyProgress,
): Promise<void> {
  const columns = schema.fields.map((field) => quoteName(field.name)).join(', ');
  const copy = client.query(copyFrom(`copy ${target} (${columns}) from stdin with (format binary)`));
  await pipeline(Readable.from(encodeCopy(batches, schema, progress), { objectMode: false, highWaterMark: 1024 * 1024 }), copy);
  if (copy.rowCount !== progress.rows) throw new Error(`${progress.rows} rows were sent, but Postgres took ${copy.rowCount}.`);
}

/** `first`, then the rest; tells the rows sent when the next batch is asked for. */
async function* reported(
  first: RecordBatch,
  rest: AsyncGenerator<RecordBatch>,
  progress: CopyProgress,
  onProgress: LoadOptions['onProgress'],
): AsyncGenerator<RecordBatch> {
  yield first;
  for await (const batch of rest) {
    onProgress?.(progress.rows);
    yield batch;
  }
}

/** What to do about refusals that have nothing to do with the rows. */
const ADVICE: Readonly<Record<string, string>> = {
  '2BP01': " Drop what depends on the old table first, or choose ifExists 'append' after a truncate.",
  '42501': ' Grant the login of the connection the right to create in the schema.',
  '55P03': ' Another session has been using the table for too long: end it, or load at another time.',
};

/** Adds the table, where in the COPY it was, and what to do, to an error of the server; others pass as they are. */
function explain(error: unknown, name: TableName): unknown {
  const { code, severity, message, where, detail } = error as Partial<Record<'code' | 'severity' | 'message' | 'where' | 'detail', string>>;
  if (code === undefined || severity === undefined) return error;
  const place = where === undefined ? '' : ` (${where.split('\n')[0]})`;
  const more = detail === undefined ? '' : ` ${detail}`;
  return new Error(`loading ${quoteTable(name)} failed and changed nothing: ${message}${place}.${more}${ADVICE[code] ?? ''}`, {
    cause: error,
  });
}
