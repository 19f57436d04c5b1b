/** BigQuery from a task. Jobs have ids made of the task and what it asks for, so that a retry finds the job instead of doing it twice. */
import { createHash } from 'node:crypto';
import type { BigQuery as Client } from '@google-cloud/bigquery';
import { Fatal } from '#sdk/outcomes.ts';
import { reportWritten, type Written } from '#sdk/runtime/asset-writes.ts';
import { parseObjectUri } from '../cloud/object-uri.ts';
import { finishJob, type JobConfiguration, type JobEnd } from './bigquery-job.ts';
import { plainRows } from './bigquery-values.ts';
import { type ConnectionSource, GOOGLE_DEFAULT, type GoogleAccess, googleAccess } from './connection.ts';
import { codeOf, explainGoogleError } from './google-error.ts';

export interface BigQuerySource extends ConnectionSource {
  /** Makes the ids of jobs. The same for every attempt of a task, another after it was cleared: `ctx` has it. */
  readonly idempotencyKey: string;
}

export interface BigQueryField {
  readonly name: string;
  /** STRING, INT64, FLOAT64, BOOL, DATE, DATETIME, TIMESTAMP, NUMERIC, … */
  readonly type: string;
  readonly mode?: 'NULLABLE' | 'REQUIRED' | 'REPEATED';
}

export interface LoadOptions {
  /** `gs://bucket/file` or several; one `*` in each. */
  readonly from: string | readonly string[];
  /** `dataset.table` or `project.dataset.table`. */
  readonly table: string;
  /** Default parquet. */
  readonly format?: 'parquet' | 'csv' | 'ndjson';
  /** `replace` in one instant, `append`, or `fail` when the table has rows. */
  readonly ifExists: 'replace' | 'append' | 'fail';
  /** Needed for csv and ndjson: nothing is guessed. Parquet brings its own. */
  readonly schema?: readonly BigQueryField[];
  /** The files lie in Hive's folders below this address, whose columns become columns of the table. */
  readonly hiveFolder?: string;
  /** append: columns of the files that the table lacks are added to it. */
  readonly addColumns?: boolean;
  /** csv: lines to pass over, default 1: the header. */
  readonly skipLeadingRows?: number;
  /** Tells two loads of one task apart that are otherwise the same. */
  readonly name?: string;
}

export interface LoadedTable {
  readonly table: string;
  readonly rows: number;
  readonly jobId: string;
  /** An earlier attempt had done it. */
  readonly wasDone: boolean;
}

export interface QueryOptions {
  /** `@name` in the statement; never paste values into it. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Rows beyond this many fail: put them into a table. Default 10,000. */
  readonly maxRows?: number;
}

const ROWS_MAX = 10_000;
const FORMATS = { parquet: 'PARQUET', csv: 'CSV', ndjson: 'NEWLINE_DELIMITED_JSON' } as const;
const WRITES = { replace: 'WRITE_TRUNCATE', append: 'WRITE_APPEND', fail: 'WRITE_EMPTY' } as const;

/** Opens the connection `id` of a task: `const bigquery = await connectBigQuery(ctx)`. There is nothing to close. */
export async function connectBigQuery(ctx: BigQuerySource, id: string = GOOGLE_DEFAULT): Promise<BigQuery> {
  return openBigQuery(await googleAccess(ctx, id), ctx);
}

export async function openBigQuery(access: GoogleAccess, source: Pick<BigQuerySource, 'idempotencyKey' | 'signal'>): Promise<BigQuery> {
  const { BigQuery: ClientOfGoogle } = await import('@google-cloud/bigquery');
  const { projectId, credentials, bigqueryEndpoint, location } = access;
  const client = new ClientOfGoogle({
    ...(projectId === undefined ? {} : { projectId }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(bigqueryEndpoint === undefined ? {} : { apiEndpoint: bigqueryEndpoint, projectId: projectId ?? 'windlass-local' }),
    ...(location === undefined ? {} : { location }),
  });
  return new BigQuery(client, access, source);
}

export class BigQuery {
  /** The library's client, for whatever is not here. */
  readonly client: Client;
  readonly #access: GoogleAccess;
  readonly #source: Pick<BigQuerySource, 'idempotencyKey' | 'signal'>;

  constructor(client: Client, access: GoogleAccess, source: Pick<BigQuerySource, 'idempotencyKey' | 'signal'>) {
    this.client = client;
    this.#access = access;
    this.#source = source;
  }

  /** What was written to a table, under the names that an asset may have for it. */
  writtenAt(table: string, { adds = false, ...facts }: Omit<Written, 'uri'>): Written {
    const { projectId, datasetId, tableId } = this.#table(table);
    return {
      uri: `bigquery://${projectId}/${datasetId}/${tableId}`,
      alsoKnownAs: [`${projectId}.${datasetId}.${tableId}`, `${datasetId}.${tableId}`],
      adds,
      ...facts,
    };
  }

  /** Loads files of Google Storage into a table: all of them or none, and once, however often the task is tried. */
  async load(options: LoadOptions): Promise<LoadedTable> {
    const uris = [options.from].flat();
    for (const uri of uris) parseObjectUri(uri, 'gs');
    const { format = 'parquet', schema, hiveFolder } = options;
    if (format !== 'parquet' && schema === undefined)
      throw new Fatal(`loading ${format} needs a schema: [{ name: 'id', type: 'INT64' }, …]. Nothing is guessed.`);
    const configuration: JobConfiguration = {
      load: {
        sourceUris: uris,
        destinationTable: this.#table(options.table),
        sourceFormat: FORMATS[format],
        writeDisposition: WRITES[options.ifExists],
        ...(options.addColumns ? { schemaUpdateOptions: ['ALLOW_FIELD_ADDITION'] } : {}),
        ...(schema === undefined ? {} : { schema: { fields: schema } }),
        ...(format === 'csv' ? { skipLeadingRows: options.skipLeadingRows ?? 1 } : {}),
        ...(hiveFolder === undefined ? {} : { hivePartitioningOptions: { mode: 'AUTO', sourceUriPrefix: hiveFolder } }),
      },
    };
    const { jobId, wasDone, metadata } = await this.#job(`loading ${options.table}`, configuration, options.name);
    const { outputRows, outputBytes } = metadata.statistics?.load ?? {};
    reportWritten(
      this.writtenAt(options.table, {
        rows: Number(outputRows ?? 0),
        ...(outputBytes !== undefined && { bytes: Number(outputBytes) }),
        ...(schema !== undefined && { columns: schema.map(({ name, type }) => ({ name, type, nullable: true })) }),
        adds: options.ifExists === 'append',
        sameAs: uris,
      }),
    );
    return { table: options.table, rows: Number(outputRows ?? 0), jobId, wasDone };
  }

  /** Rows of a statement: int64 as a number (a bigint beyond ±2^53), timestamp and datetime as Date in UTC, date and numeric as text. */
  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    { params, maxRows = ROWS_MAX }: QueryOptions = {},
  ): Promise<Row[]> {
    return this.#do('the query', async () => {
      const wrapIntegers = { integerTypeCastFunction: (digits: string) => narrowDigits(digits) };
      const [rows] = await this.client.query({ query: sql, ...(params === undefined ? {} : { params: { ...params } }) }, {
        wrapIntegers,
        maxResults: maxRows + 1,
        autoPaginate: true,
      } as object);
      if (rows.length > maxRows)
        throw new Fatal(
          `The statement returned more than ${maxRows} rows (maxRows). Aggregate or limit it, or put it into a table with queryInto.`,
        );
      return plainRows(rows) as Row[];
    });
  }

  /** Puts the rows of a statement into a table, once, however often the task is tried. */
  async queryInto(
    table: string,
    sql: string,
    options: { readonly ifExists: LoadOptions['ifExists']; readonly name?: string },
  ): Promise<JobEnd> {
    const configuration: JobConfiguration = {
      query: { query: sql, useLegacySql: false, destinationTable: this.#table(table), writeDisposition: WRITES[options.ifExists] },
    };
    return this.#job(`the query into ${table}`, configuration, options.name);
  }

  /** Writes a table to Google Storage; a `*` in the address lets it become several files. */
  async extract(options: {
    readonly table: string;
    readonly to: string;
    readonly format?: LoadOptions['format'];
    readonly name?: string;
  }): Promise<JobEnd> {
    parseObjectUri(options.to, 'gs');
    const format = options.format ?? 'parquet';
    const configuration: JobConfiguration = {
      extract: {
        sourceTable: this.#table(options.table),
        destinationUris: [options.to],
        destinationFormat: FORMATS[format],
        ...(format === 'parquet' ? { compression: 'SNAPPY' } : {}),
      },
    };
    return this.#job(`extracting ${options.table}`, configuration, options.name);
  }

  /** Removes all rows, once, however often the task is tried; the table and its columns stay. Returns how many there were: 0 too when an earlier attempt did it. */
  async truncate(table: string): Promise<number> {
    if (!(await this.tableExists(table))) return 0;
    const { projectId, datasetId, tableId } = this.#table(table);
    const quoted = `\`${[projectId, datasetId, tableId].filter((part) => part !== undefined).join('.')}\``;
    const [{ n } = { n: 0 }] = await this.query<{ n: number }>(`select count(*) as n from ${quoted}`);
    await this.#job(`emptying ${table}`, { query: { query: `truncate table ${quoted}`, useLegacySql: false } });
    return Number(n);
  }

  async tableExists(table: string): Promise<boolean> {
    const { projectId, datasetId, tableId } = this.#table(table);
    return this.#do(`looking for ${table}`, async () => {
      const [exists] = await this.client
        .dataset(datasetId, projectId === undefined ? {} : { projectId })
        .table(tableId)
        .exists();
      return exists;
    });
  }

  /** Returns whether there was one. */
  async dropTable(table: string): Promise<boolean> {
    const { projectId, datasetId, tableId } = this.#table(table);
    return this.#do(`dropping ${table}`, async () => {
      try {
        await this.client
          .dataset(datasetId, projectId === undefined ? {} : { projectId })
          .table(tableId)
          .delete();
        return true;
      } catch (error) {
        if (codeOf(error) === 404) return false;
        throw error;
      }
    });
  }

  /** Makes the dataset if need be. */
  async ensureDataset(id: string, location?: string): Promise<void> {
    await this.#do(`creating dataset ${id}`, async () => {
      try {
        await this.client.createDataset(id, location === undefined ? {} : { location });
      } catch (error) {
        if (codeOf(error) !== 409) throw error;
      }
    });
  }

  #table(name: string): { readonly projectId?: string; readonly datasetId: string; readonly tableId: string } {
    const match = /^(?:([^.:]+)[.:])?([^.]+)\.([^.]+)$/.exec(name);
    if (match === null) throw new Fatal(`${JSON.stringify(name)} is no table. Write it as dataset.table or project.dataset.table.`);
    const [, project = this.#access.projectId ?? this.client.projectId, datasetId = '', tableId = ''] = match;
    return { ...(project === undefined ? {} : { projectId: project }), datasetId, tableId };
  }

  #job(doing: string, configuration: JobConfiguration, name = ''): Promise<JobEnd> {
    const digest = createHash('sha256')
      .update(JSON.stringify([name, configuration]))
      .digest('hex')
      .slice(0, 12);
    const baseId = `windlass_${this.#source.idempotencyKey.replace(/[^A-Za-z0-9_-]/g, '_')}_${digest}`;
    return this.#do(doing, () =>
      finishJob(this.client, { baseId, configuration, location: this.#access.location, signal: this.#source.signal }),
    );
  }

  async #do<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#source.signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      this.#source.signal?.throwIfAborted();
      throw explainGoogleError(error, doing, this.#access.connectionId);
    }
  }
}

function narrowDigits(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
