/** Frames into tables of MySQL: all rows, or the table as it was. */
import { randomBytes } from 'node:crypto';
import { type Data, DataType, type RecordBatch, type Schema } from 'apache-arrow';
import type { Connection as MysqlClient, RowDataPacket } from 'mysql2/promise';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { cellReader, isDateDay } from '../arrow/cell.ts';
import { OriginWatch, watched } from '../arrow/column-origin.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { columnsOf as describe, firstRowsOf } from '../arrow/report-writing.ts';
import { dateText, timestampText } from '../arrow/time-text.ts';
import { placeOf } from './mysql-lineage.ts';

export interface LoadOptions {
  readonly table: string;
  readonly frame: Frame;
  /** `replace` fills a new table and swaps the two in one instant; `append` adds the rows in one transaction; `fail`: it must not exist. */
  readonly ifExists: 'replace' | 'append' | 'fail';
}

export interface LoadResult {
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly string[];
}

/** Of one statement; the server's usual limit is 16 MB. */
const STATEMENT_CHARS = 1024 * 1024;
/** Two loads of one table wait for each other this long. */
const LOCK_SECONDS = 3_600;

export async function loadTable(client: MysqlClient, { table, frame, ifExists }: LoadOptions, connectionId?: string): Promise<LoadResult> {
  const origin = new OriginWatch();
  const batches = watched(batchesOf(frame), origin);
  const first = await batches.next();
  if (first.done) throw new RangeError('a frame without a single batch has no columns and cannot be loaded.');
  const { schema } = first.value;
  const lock = `windlass.load ${table}`.slice(0, 64);
  await client.query('select get_lock(?, ?)', [lock, LOCK_SECONDS]);
  try {
    const existing = await columnsOf(client, table);
    if (existing.length > 0 && ifExists === 'fail')
      throw new Fatal(`table ${quote(table)} exists already. Choose ifExists 'replace' or 'append', or another name.`);
    const appends = existing.length > 0 && ifExists === 'append';
    const place = placeOf(client, { schema: null, table }, connectionId);
    await beforePublish({ ...place, columns: describe(schema) });
    const rows = appends
      ? await append(client, table, existing, schema, first.value, batches)
      : await fillAnew(client, table, existing.length > 0, schema, first.value, batches);
    reportWritten({ ...place, columns: describe(schema), rows, adds: appends, ...origin.facts(), ...firstRowsOf(first.value) });
    return { table, rows, columns: schema.fields.map((field) => field.name) };
  } finally {
    await batches.return(undefined);
    await client.query('select release_lock(?)', [lock]).catch(() => undefined);
  }
}

/** Fills a temporary table, which lasts as long as the session. One of the same name is replaced. */
export async function loadTemporaryTable(client: MysqlClient, table: string, frame: Frame): Promise<void> {
  const batches = batchesOf(frame);
  const first = await batches.next();
  if (first.done) throw new RangeError('a frame without a single batch has no columns and cannot be loaded.');
  const { schema } = first.value;
  await client.query(`drop table if exists ${quote(table)}`);
  await client.query(`create temporary table ${quote(table)} (${columnsSql(schema)}) default charset = utf8mb4`);
  await insertAll(client, table, schema, first.value, batches);
}

async function append(
  client: MysqlClient,
  table: string,
  existing: readonly string[],
  schema: Schema,
  first: RecordBatch,
  rest: AsyncIterable<RecordBatch>,
): Promise<number> {
  const unknown = schema.fields.map((field) => field.name).filter((name) => !existing.includes(name));
  if (unknown.length > 0)
    throw new Fatal(
      `table ${quote(table)} has no column ${unknown.join(', ')}; it has ${existing.join(', ')}. Add it, or leave it out of the frame.`,
    );
  await client.query('start transaction');
  try {
    const rows = await insertAll(client, table, schema, first, rest);
    await client.query('commit');
    return rows;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** Creating a table ends a transaction in MySQL: the rows go into a table beside it, and the names are exchanged at the end. */
async function fillAnew(
  client: MysqlClient,
  table: string,
  exists: boolean,
  schema: Schema,
  first: RecordBatch,
  rest: AsyncIterable<RecordBatch>,
): Promise<number> {
  const mark = randomBytes(4).toString('hex');
  const staging = `${table.slice(0, 40)}_new_${mark}`;
  const old = `${table.slice(0, 40)}_old_${mark}`;
  await client.query(`create table ${quote(staging)} (${columnsSql(schema)}) default charset = utf8mb4`);
  try {
    const rows = await insertAll(client, staging, schema, first, rest);
    const swap = exists ? `${quote(table)} to ${quote(old)}, ${quote(staging)} to ${quote(table)}` : `${quote(staging)} to ${quote(table)}`;
    await client.query(`rename table ${swap}`);
    if (exists) await client.query(`drop table ${quote(old)}`);
    return rows;
  } catch (error) {
    await client.query(`drop table if exists ${quote(staging)}`).catch(() => undefined);
    throw error;
  }
}

function columnsSql(schema: Schema): string {
  return schema.fields.map((field) => `${quote(field.name)} ${columnType(field.type, field.name)}`).join(', ');
}

async function columnsOf(client: MysqlClient, table: string): Promise<readonly string[]> {
  const [rows] = await client.query<RowDataPacket[]>(
    'select column_name as name from information_schema.columns where table_schema = database() and table_name = ? order by ordinal_position',
    [table],
  );
  return rows.map((row) => String(row['name']));
}

async function insertAll(
  client: MysqlClient,
  table: string,
  schema: Schema,
  first: RecordBatch,
  rest: AsyncIterable<RecordBatch>,
): Promise<number> {
  const head = `insert into ${quote(table)} (${schema.fields.map((field) => quote(field.name)).join(', ')}) values `;
  let rows = 0;
  const insert = async (batch: RecordBatch) => {
    const cells = batch.data.children.map((child, index) => literalReader(client, child, batch.schema.fields[index]?.name ?? ''));
    let text = '';
    for (let row = 0; row < batch.numRows; row++) {
      text += `${text === '' ? head : ','}(${cells.map((read) => read(row)).join(',')})`;
      if (text.length < STATEMENT_CHARS && row < batch.numRows - 1) continue;
      await client.query(text);
      text = '';
    }
    rows += batch.numRows;
  };
  await insert(first);
  for await (const batch of rest) await insert(batch);
  return rows;
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function columnType(type: DataType, name: string): string {
  if (DataType.isInt(type)) return 'bigint';
  if (DataType.isFloat(type)) return 'double';
  if (DataType.isBool(type)) return 'boolean';
  if (DataType.isUtf8(type)) return 'longtext';
  if (DataType.isTimestamp(type)) return 'datetime(6)';
  if (isDateDay(type)) return 'date';
  throw new TypeError(`column "${name}": MySQL has nothing for ${type}. Leave the column out with selectColumns first.`);
}

/** How the cells of a column are spelled in a statement. */
function literalReader(client: MysqlClient, data: Data, name: string): (row: number) => string {
  const read = cellReader(data, name);
  const { type, values } = data;
  if (DataType.isTimestamp(type)) return (row) => (read(row) === null ? 'null' : `'${timestampText(values[row] as bigint)}'`);
  if (isDateDay(type)) return (row) => (read(row) === null ? 'null' : `'${dateText(values[row] as number)}'`);
  return (row) => {
    const value = read(row);
    if (value === null) return 'null';
    if (typeof value === 'string') return client.escape(value);
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new Fatal(`column "${name}": MySQL has no ${value}. Filter it out, or make it null.`);
    return typeof value === 'boolean' ? String(Number(value)) : String(value);
  };
}
