/** SQLite files from a task, by Node's own SQLite: nothing to install, nothing listens anywhere. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type Data, DataType, type RecordBatch, type Schema } from 'apache-arrow';
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { cellReader, isDateDay, narrow } from '../arrow/cell.ts';
import { OriginWatch, watched } from '../arrow/column-origin.ts';
import { batchesOf, type Frame } from '../arrow/frame.ts';
import { columnsOf, firstRowsOf, uriOfFile } from '../arrow/report-writing.ts';
import { dateText, timestampText } from '../arrow/time-text.ts';

export type SqliteConnection = Pick<Connection, 'id' | 'type' | 'host' | 'schema'>;

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
}

export interface LoadOptions {
  readonly table: string;
  readonly frame: Frame;
  readonly ifExists: 'replace' | 'append' | 'fail';
}

export interface LoadResult {
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly string[];
}

/** Another process may hold the file for this long before a statement fails. */
const BUSY_MS = 30_000;

/** Opens the connection `id` of a task (type sqlite, the file in its host): `using database = await connectSqlite(ctx, 'books')`. */
export async function connectSqlite(ctx: ConnectionSource, id: string): Promise<Sqlite> {
  const { type, host, schema } = await ctx.conn<SqliteConnection>(id);
  if (type !== 'sqlite') throw new Fatal(`connection "${id}" is of type "${type}", not sqlite. Name another, or change its type.`);
  const path = host || schema;
  if (!path) throw new Fatal(`connection "${id}" names no file: put its path on the workers into the host.`);
  return openSqlite(path);
}

/** Opens a file, which is made if need be. */
export async function openSqlite(path: string): Promise<Sqlite> {
  const { DatabaseSync: Database } = await import('node:sqlite');
  try {
    const database = new Database(path, { timeout: BUSY_MS });
    // Readers and one writer do not wait for each other.
    database.exec('pragma journal_mode = wal');
    return new Sqlite(database);
  } catch (cause) {
    throw new Fatal(
      `the SQLite file ${path} cannot be opened: ${(cause as Error).message}. Is the folder there, and the file a database?`,
      { cause },
    );
  }
}

export class Sqlite implements Disposable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Node's own object, for whatever is not here. */
  get database(): DatabaseSync {
    return this.#database;
  }

  /** Runs one statement; the first `?` in it is `values[0]`. An integer beyond ±2^53 comes as a bigint. */
  query<Row extends object = Record<string, unknown>>(sql: string, values: readonly SQLInputValue[] = []): Row[] {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    const rows = statement.all(...values);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? narrow(value) : value])),
    ) as Row[];
  }

  /**
   * Loads a frame into a table in one transaction: all rows, or the table as it was. SQLite has no dates: they are texts as
   * `2021-01-31` and `2021-01-31 23:59:59.ffffff`, truth values are 0 and 1.
   */
  async loadTable({ table, frame, ifExists }: LoadOptions): Promise<LoadResult> {
    const database = this.#database;
    const origin = new OriginWatch();
    const batches = watched(batchesOf(frame), origin);
    let first: RecordBatch | null = null;
    const place = { uri: `${uriOfFile(database.location() ?? ':memory:')}/${table}`, alsoKnownAs: [table] };
    database.exec('begin immediate');
    let rows = 0;
    let schema: Schema | null = null;
    try {
      let insert: ((values: SQLInputValue[]) => void) | null = null;
      for await (const batch of batches) {
        schema ??= batch.schema;
        first ??= batch;
        insert ??= this.#prepare(table, batch.schema, ifExists);
        const cells = batch.data.children.map((child, index) => valueReader(child, batch.schema.fields[index]?.name ?? ''));
        for (let row = 0; row < batch.numRows; row++) insert(cells.map((read) => read(row)));
        rows += batch.numRows;
      }
      if (schema === null) throw new RangeError('a frame without a single batch has no columns and cannot be loaded.');
      await beforePublish({ ...place, columns: columnsOf(schema) });
      database.exec('commit');
    } catch (error) {
      database.exec('rollback');
      await batches.return(undefined);
      throw error;
    }
    const adds = ifExists === 'append';
    reportWritten({ ...place, columns: columnsOf(schema), rows, adds, ...origin.facts(), ...firstRowsOf(first) });
    return { table, rows, columns: schema.fields.map((field) => field.name) };
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #prepare(table: string, schema: Schema, ifExists: LoadOptions['ifExists']): (values: SQLInputValue[]) => void {
    const names = schema.fields.map((field) => field.name);
    const existing = this.query<{ name: string }>('select name from pragma_table_info(?)', [table]).map((column) => column.name);
    if (existing.length > 0 && ifExists === 'fail')
      throw new Fatal(`table ${quote(table)} exists already. Choose ifExists 'replace' or 'append', or another name.`);
    if (ifExists === 'replace') this.#database.exec(`drop table if exists ${quote(table)}`);
    if (existing.length === 0 || ifExists === 'replace') {
      const columns = schema.fields.map((field) => `${quote(field.name)} ${columnType(field.type, field.name)}`);
      this.#database.exec(`create table ${quote(table)} (${columns.join(', ')})`);
    } else {
      const unknown = names.filter((name) => !existing.includes(name));
      if (unknown.length > 0)
        throw new Fatal(
          `table ${quote(table)} has no column ${unknown.join(', ')}; it has ${existing.join(', ')}. Add it, or leave it out of the frame.`,
        );
    }
    const statement = this.#database.prepare(
      `insert into ${quote(table)} (${names.map(quote).join(', ')}) values (${names.map(() => '?').join(', ')})`,
    );
    return (values) => void statement.run(...values);
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnType(type: DataType, name: string): string {
  if (DataType.isInt(type) || DataType.isBool(type)) return 'integer';
  if (DataType.isFloat(type)) return 'real';
  if (DataType.isUtf8(type) || DataType.isTimestamp(type) || isDateDay(type)) return 'text';
  throw new TypeError(`column "${name}": SQLite has nothing for ${type}. Leave the column out with selectColumns first.`);
}

function valueReader(data: Data, name: string): (row: number) => SQLInputValue {
  const read = cellReader(data, name);
  const { type, values } = data;
  if (DataType.isTimestamp(type)) return (row) => (read(row) === null ? null : timestampText(values[row] as bigint));
  if (isDateDay(type)) return (row) => (read(row) === null ? null : dateText(values[row] as number));
  return (row) => {
    const value = read(row);
    return typeof value === 'boolean' ? Number(value) : (value as SQLInputValue);
  };
}
