/** Datasets and tables of the emulated BigQuery: schemas and tables of a DuckDB in memory. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import type { ObjectStore } from '../gcs/object-store.ts';
import { GoogleError } from '../http-server.ts';
import { literal, parameterValues, quote, quoteTable, type TableRef, toDuckdb } from './sql.ts';
import { apiValue, bigqueryField, duckdbType, type SchemaField } from './types.ts';

export interface Rows {
  readonly fields: readonly SchemaField[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface LoadSettings {
  readonly sourceUris?: readonly string[];
  readonly destinationTable: TableRef;
  readonly sourceFormat?: string;
  readonly writeDisposition?: string;
  readonly createDisposition?: string;
  readonly skipLeadingRows?: number | string;
  readonly schema?: { readonly fields?: readonly SchemaField[] };
  readonly hivePartitioningOptions?: { readonly mode?: string; readonly sourceUriPrefix?: string };
}

export interface ExtractSettings {
  readonly sourceTable: TableRef;
  readonly destinationUris?: readonly string[];
  readonly destinationFormat?: string;
  readonly compression?: string;
}

const FILES: Readonly<Record<string, string>> = { PARQUET: '.parquet', CSV: '.csv', NEWLINE_DELIMITED_JSON: '.ndjson' };

export class Warehouse {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #objects: ObjectStore;
  /** Statements of several jobs would mix their transactions on the one connection: each waits for the one before. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, objects: ObjectStore) {
    this.#instance = instance;
    this.#connection = connection;
    this.#objects = objects;
  }

  static async open(objects: ObjectStore): Promise<Warehouse> {
    // No extension is ever fetched: the emulator works without a network.
    const settings = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false', threads: '2' };
    const instance = await DuckDBInstance.create(':memory:', settings);
    const connection = await instance.connect();
    await connection.run("set timezone = 'UTC'");
    return new Warehouse(instance, connection, objects);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async datasets(): Promise<readonly string[]> {
    const { rows } = await this.query("select schema_name from information_schema.schemata where catalog_name = 'memory' order by 1");
    return rows.map(([name]) => String(name)).filter((name) => !['main', 'information_schema', 'pg_catalog'].includes(name));
  }

  async createDataset(id: string): Promise<void> {
    if ((await this.datasets()).includes(id)) throw new GoogleError(409, 'duplicate', `Already Exists: Dataset ${id}`);
    await this.query(`create schema ${quote(id)}`);
  }

  async deleteDataset(id: string, withTables: boolean): Promise<void> {
    if (!withTables && (await this.tables(id)).length > 0) throw new GoogleError(400, 'resourceInUse', `Dataset ${id} is still in use`);
    await this.query(`drop schema ${quote(id)} cascade`);
  }

  /** Throws 404. */
  async knownDataset(id: string): Promise<string> {
    if (!(await this.datasets()).includes(id)) throw new GoogleError(404, 'notFound', `Not found: Dataset ${id}`);
    return id;
  }

  async tables(datasetId: string): Promise<readonly string[]> {
    const { rows } = await this.query(
      `select table_name from information_schema.tables where table_schema = ${literal(datasetId)} order by 1`,
    );
    return rows.map(([name]) => String(name));
  }

  async hasTable({ datasetId, tableId }: TableRef): Promise<boolean> {
    return (await this.tables(datasetId)).includes(tableId);
  }

  /** Throws 404. */
  async knownTable(table: TableRef): Promise<void> {
    if (!(await this.hasTable(table))) throw new GoogleError(404, 'notFound', `Not found: Table ${table.datasetId}.${table.tableId}`);
  }

  async createTable(table: TableRef, fields: readonly SchemaField[]): Promise<void> {
    if (await this.hasTable(table)) throw new GoogleError(409, 'duplicate', `Already Exists: Table ${table.datasetId}.${table.tableId}`);
    const columns = fields.map((field) => `${quote(field.name)} ${duckdbType(field.type)}${field.mode === 'REQUIRED' ? ' not null' : ''}`);
    await this.query(`create table ${quoteTable(table)} (${columns.join(', ')})`);
  }

  async dropTable(table: TableRef): Promise<void> {
    await this.query(`drop table ${quoteTable(table)}`);
  }

  /** A statement as a client sends it. Throws 400 with DuckDB's words. */
  async queryAsBigQuery(sql: string, parameters: unknown): Promise<Rows> {
    return this.query(toDuckdb(sql), parameterValues(parameters)).catch((cause: Error) => {
      const reason = /does not exist/i.test(cause.message) ? 'notFound' : 'invalidQuery';
      throw cause instanceof GoogleError ? cause : new GoogleError(reason === 'notFound' ? 404 : 400, reason, cause.message);
    });
  }

  async query(sql: string, values: Record<string, DuckDBValue> = {}): Promise<Rows> {
    return this.#alone(async () => {
      const reader = await this.#connection.runAndReadAll(sql, values);
      const names = reader.deduplicatedColumnNames();
      const fields = reader.columnTypes().map((type, index) => bigqueryField(names[index] ?? '', type));
      return { fields, rows: reader.getRows().map((row) => row.map((value, index) => apiValue(value, fields[index]?.type ?? 'STRING'))) };
    });
  }

  /** Fills a table from files of the emulated storage, all or nothing. Returns the rows. */
  async load(settings: LoadSettings): Promise<number> {
    const format = settings.sourceFormat ?? 'CSV';
    const ending = FILES[format];
    if (ending === undefined) throw new GoogleError(400, 'invalid', `The emulator does not load ${format}.`);
    await this.knownDataset(settings.destinationTable.datasetId);
    const folder = await mkdtemp(join(tmpdir(), 'windlass-bigquery-'));
    try {
      const files = await this.#fetch(settings, folder, ending);
      return await this.write(`select * from ${sourceOf(format, files, settings)}`, settings.destinationTable, settings);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Puts the rows of a statement into a table. Returns the rows. */
  async write(
    select: string,
    table: TableRef,
    {
      writeDisposition = 'WRITE_APPEND',
      createDisposition = 'CREATE_IF_NEEDED',
    }: Pick<LoadSettings, 'writeDisposition' | 'createDisposition'>,
    values: Record<string, DuckDBValue> = {},
  ): Promise<number> {
    const exists = await this.hasTable(table);
    const target = quoteTable(table);
    if (!exists && createDisposition === 'CREATE_NEVER')
      throw new GoogleError(404, 'notFound', `Not found: Table ${table.datasetId}.${table.tableId}`);
    if (exists && writeDisposition === 'WRITE_EMPTY') {
      const { rows } = await this.query(`select count(*) from ${target}`);
      if (rows[0]?.[0] !== '0') throw new GoogleError(409, 'duplicate', `Already Exists: Table ${table.datasetId}.${table.tableId}`);
    }
    const replaces = !exists || writeDisposition === 'WRITE_TRUNCATE';
    const sql = replaces ? `create or replace table ${target} as ${select}` : `insert into ${target} by name ${select}`;
    const { rows } = await this.query(sql, values).catch((cause: Error) => {
      throw new GoogleError(400, 'invalid', cause.message);
    });
    return Number(rows[0]?.[0] ?? 0);
  }

  /** Writes a table to the emulated storage. Returns how many files it became: always one. */
  async extract({ sourceTable, destinationUris = [], destinationFormat = 'CSV', compression = 'NONE' }: ExtractSettings): Promise<number> {
    await this.knownTable(sourceTable);
    const folder = await mkdtemp(join(tmpdir(), 'windlass-bigquery-'));
    try {
      for (const uri of destinationUris) {
        const { bucket, name } = parseUri(uri.replace('*', '000000000000'));
        const file = join(folder, 'extract');
        await this.query(
          `copy (select * from ${quoteTable(sourceTable)}) to ${literal(file)} (${formatOf(destinationFormat, compression)})`,
        );
        this.#objects.put(bucket, name, await readFile(file), {});
      }
      return destinationUris.length;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Copies the objects that the URIs name into files. Throws 404 when there is none. */
  async #fetch({ sourceUris = [], hivePartitioningOptions }: LoadSettings, folder: string, ending: string): Promise<readonly string[]> {
    const files: string[] = [];
    for (const uri of sourceUris) {
      const { bucket, name } = parseUri(uri);
      const [prefix = '', suffix] = name.split('*');
      const found =
        suffix === undefined
          ? [this.#objects.get(bucket, name)]
          : this.#all(bucket, prefix).filter((object) => object.name.endsWith(suffix));
      for (const object of found) {
        const base = hivePartitioningOptions?.sourceUriPrefix;
        const below = base === undefined ? basename(object.name) : `gs://${bucket}/${object.name}`.slice(base.length).replace(/^\/+/, '');
        const isGzipped = object.bytes[0] === 0x1f && object.bytes[1] === 0x8b;
        const file = join(
          folder,
          `${files.length}`,
          `${below}${below.endsWith(ending) ? '' : ending}${isGzipped && !below.endsWith('.gz') ? '.gz' : ''}`,
        );
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, object.bytes);
        files.push(file);
      }
    }
    if (files.length === 0) throw new GoogleError(404, 'notFound', `Not found: URI ${sourceUris.join(', ')}`);
    return files;
  }

  #all(bucket: string, prefix: string) {
    const items = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
      const page = this.#objects.list(bucket, { prefix, pageToken });
      items.push(...page.items);
      pageToken = page.nextPageToken;
    }
    return items;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function parseUri(uri: string): { readonly bucket: string; readonly name: string } {
  const match = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri);
  if (match === null) throw new GoogleError(400, 'invalid', `Source URI must be a Google Cloud Storage location: ${uri}`);
  return { bucket: match[1] as string, name: match[2] as string };
}

function sourceOf(format: string, files: readonly string[], settings: LoadSettings): string {
  const list = `[${files.map(literal).join(', ')}]`;
  const fields = settings.schema?.fields ?? [];
  const columns =
    fields.length === 0
      ? ''
      : `, columns = {${fields.map((field) => `${literal(field.name)}: ${literal(duckdbType(field.type))}`).join(', ')}}`;
  const hive = settings.hivePartitioningOptions;
  switch (format) {
    case 'PARQUET':
      return `read_parquet(${list}, union_by_name = true, hive_partitioning = ${hive !== undefined}, hive_types_autocast = ${hive?.mode !== 'STRINGS'})`;
    case 'NEWLINE_DELIMITED_JSON':
      return `read_json(${list}, format = 'newline_delimited'${columns})`;
    default: {
      const header = Number(settings.skipLeadingRows ?? 0) > 0;
      return `read_csv(${list}, header = ${header}${columns})`;
    }
  }
}

function formatOf(format: string, compression: string): string {
  switch (format) {
    case 'PARQUET':
      return `format parquet, compression ${compression === 'NONE' ? 'uncompressed' : compression.toLowerCase()}`;
    case 'NEWLINE_DELIMITED_JSON':
      return `format json${compression === 'GZIP' ? ', compression gzip' : ''}`;
    default:
      return `format csv, header true${compression === 'GZIP' ? ', compression gzip' : ''}`;
  }
}
