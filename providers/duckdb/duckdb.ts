/**
 * DuckDB inside a task: SQL over frames and files. Frames go in and come out as Parquet files of a temporary folder, so that
 * types stay right and memory stays DuckDB's.
 */
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import type { RecordBatch } from 'apache-arrow';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, isReporting, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { narrow } from '../arrow/cell.ts';
import { OriginWatch, watched } from '../arrow/column-origin.ts';
import { type AnyColumns, batchesOf, type Frame } from '../arrow/frame.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import { writeWhole } from '../files/whole-file.ts';
import { readParquetBatches } from '../parquet/read-parquet.ts';
import { writeParquet } from '../parquet/write-parquet.ts';
import { tracedBatches } from '../sql/statement-lineage.ts';
import { DuckdbLineage, literal, quote } from './duckdb-lineage.ts';

export interface DuckdbOptions {
  /** A database file; default: in memory, gone when it is closed. */
  readonly path?: string;
  /** Default 2: a worker runs several tasks. */
  readonly threads?: number;
  /** Default 1 GB; beyond it DuckDB writes to its temporary folder. */
  readonly memoryLimit?: string;
}

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
}

export type SqlValue = string | number | bigint | boolean | Date | null;

const ROWS_MAX = 10_000;

/** Opens the database file of the connection `id` (type duckdb, the path in its host); without one, a database in memory. */
export async function connectDuckdb(ctx: ConnectionSource, id: string, options: Omit<DuckdbOptions, 'path'> = {}): Promise<Duckdb> {
  const { type, host, schema } = await ctx.conn<Pick<Connection, 'type' | 'host' | 'schema'>>(id);
  if (type !== 'duckdb') throw new Fatal(`connection "${id}" is of type "${type}", not duckdb. Name another, or change its type.`);
  const path = host || schema;
  return openDuckdb({ ...options, ...(path ? { path } : {}), connectionId: id });
}

/** `await using duckdb = await openDuckdb()`. */
export async function openDuckdb(options: DuckdbOptions & { readonly connectionId?: string } = {}): Promise<Duckdb> {
  const { path = ':memory:', threads = 2, memoryLimit = '1GB', connectionId } = options;
  const { DuckDBInstance, DuckDBTimestampValue } = await import('@duckdb/node-api');
  const folder = await mkdtemp(join(tmpdir(), 'windlass-duckdb-'));
  const instance = await DuckDBInstance.create(path, {
    threads: String(threads),
    memory_limit: memoryLimit,
    temp_directory: join(folder, 'spilled'),
    // An extension would be fetched from the network in the middle of a task.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  }).catch(async (cause: Error) => {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the DuckDB database ${path} cannot be opened: ${firstLine(cause)} Is another process using it?`, { cause });
  });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  const timestamp = (date: Date) => new DuckDBTimestampValue(BigInt(date.getTime()) * 1000n);
  const file = path === ':memory:' ? null : await realpath(path);
  return new Duckdb({ instance, connection, folder, timestamp, file, connectionId });
}

interface Parts {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly timestamp: (date: Date) => DuckDBValue;
  /** Null: in memory. */
  readonly file: string | null;
  readonly connectionId: string | undefined;
}

export class Duckdb implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #lineage: DuckdbLineage;
  #files = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#lineage = new DuckdbLineage(this, parts.file, parts.connectionId);
  }

  /** The library's connection, for whatever is not here. */
  get connection(): DuckDBConnection {
    return this.#parts.connection;
  }

  /**
   * Makes a frame known as the table `name`. It is written to disk once, and read from there by each statement. `temporary`: a database file
   * keeps nothing of it.
   */
  async register(name: string, frame: Frame, { temporary = false }: { readonly temporary?: boolean } = {}): Promise<void> {
    const path = this.#newFile();
    const origin = new OriginWatch();
    await withoutReporting(() => writeParquet(path, watched(batchesOf(frame), origin)));
    this.#lineage.register(name, origin.lineage);
    await this.#run(
      `create or replace ${temporary ? 'temporary ' : ''}view ${quote(name)} as select * from read_parquet(${literal(path)})`,
    );
  }

  /** Rows of a statement; `$1` in it is `values[0]`. int64 as a number (a bigint beyond ±2^53), timestamps and dates as Date. */
  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly SqlValue[] = [],
    { maxRows = ROWS_MAX }: { readonly maxRows?: number } = {},
  ): Promise<Row[]> {
    const reader = await this.#do(() =>
      this.#parts.connection.streamAndReadUntil(
        sql,
        maxRows + 1,
        values.map((value) => this.#value(value)),
      ),
    );
    const rows = reader.getRowObjectsJS();
    if (rows.length > maxRows)
      throw new Fatal(`The statement returned more than ${maxRows} rows (maxRows). Aggregate or limit it, or take them as a frame.`);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? narrow(value) : value])),
    ) as Row[];
  }

  /** Runs a statement that changes something; returns how many rows it changed. What it writes by a select is told. */
  async run(sql: string): Promise<number> {
    const change = () => this.#do(async () => (await this.#parts.connection.run(sql)).rowsChanged);
    const writing = isReporting() ? this.#lineage.writingOf(sql) : null;
    if (writing === null) return change();
    // Within a transaction of the caller's, it is the caller's to end.
    const isOwn = await this.#run('begin').then(
      () => true,
      () => false,
    );
    try {
      const rows = await change();
      const written = await this.#lineage.written(writing, rows);
      if (written !== null) await beforePublish(written);
      if (isOwn) await this.#run('commit');
      if (written !== null) reportWritten(written);
      return rows;
    } catch (error) {
      if (isOwn) await this.#run('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** Rows of a statement as a frame, batch by batch. */
  batches(sql: string): AsyncGenerator<RecordBatch<AnyColumns>> {
    return tracedBatches(this.#batches(sql), sql, this.#lineage.lookUp);
  }

  async *#batches(sql: string): AsyncGenerator<RecordBatch<AnyColumns>> {
    const path = this.#newFile();
    await this.#run(`copy (${sql}) to ${literal(path)} (format parquet)`);
    try {
      yield* readParquetBatches(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** The columns that a select has. */
  async describe(sql: string): Promise<readonly AssetColumn[]> {
    const reader = await this.#do(() => this.#parts.connection.runAndReadAll(`describe ${sql}`));
    return reader.getRows().map(([name, type, nullable]) => ({ name: String(name), type: String(type), nullable: nullable !== 'NO' }));
  }

  /** Writes the rows of a statement to a file: Parquet, CSV or NDJSON by its ending. Returns the rows. The file is there when it is whole. */
  async copyTo(sql: string, path: string): Promise<number> {
    const format = FORMATS.find(([ending]) => path.endsWith(ending))?.[1];
    if (format === undefined) throw new Fatal(`${path}: its ending says no format. Use ${FORMATS.map(([ending]) => ending).join(', ')}.`);
    const columns = await this.describe(sql);
    const columnLineage = isReporting() ? await this.#lineage.ofSelect(sql, columns) : {};
    const written = await writeWhole(path, async (unfinished) => {
      const reader = await this.#do(() => this.#parts.connection.runAndReadAll(`copy (${sql}) to ${literal(unfinished)} (${format})`));
      await beforePublish({ uri: uriOfFile(path), columns });
      return { rows: Number(reader.getRows()[0]?.[0] ?? 0), bytes: (await stat(unfinished)).size };
    });
    const seen = isReporting() ? await this.#lineage.ofFile(path, columns) : {};
    reportWritten({ uri: uriOfFile(path), columns, ...written, ...columnLineage, ...seen });
    return written.rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.connection.closeSync();
    this.#parts.instance.closeSync();
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  #newFile(): string {
    this.#files += 1;
    return join(this.#parts.folder, `${this.#files}.parquet`);
  }

  #value(value: SqlValue): DuckDBValue {
    return value instanceof Date ? this.#parts.timestamp(value) : value;
  }

  async #run(sql: string): Promise<void> {
    await this.#do(() => this.#parts.connection.run(sql));
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new Fatal(`DuckDB refuses the statement: ${firstLine(cause as Error)}`, { cause });
    }
  }
}

const FORMATS: readonly (readonly [ending: string, format: string])[] = [
  ['.parquet', 'format parquet'],
  ['.csv', 'format csv, header true'],
  ['.csv.gz', 'format csv, header true, compression gzip'],
  ['.ndjson', 'format json'],
  ['.ndjson.gz', 'format json, compression gzip'],
];

function firstLine({ message }: Error): string {
  return (message.split('\n')[0] ?? '').replace(/\.?$/, '.');
}
