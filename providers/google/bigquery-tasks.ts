/** BigQuery as tasks, and as what a sensor waits for. */
import { type Field, fields, LIST, optional, TEXT } from '#sdk/fields.ts';
import { type Ctx, defineTask, notYet, type Pending } from '#sdk/index.ts';
import { connectBigQuery, type LoadedTable, type LoadOptions } from './bigquery.ts';

const TEXTS: Field = {
  fits: (value) => (typeof value === 'string' && value !== '') || (Array.isArray(value) && value.length > 0),
  wanted: 'an address, or a list of addresses',
};
const FLAG: Field = { fits: (value) => typeof value === 'boolean', wanted: 'true or false' };
const COUNT: Field = { fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0, wanted: 'a whole number' };
const OBJECT: Field = { fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value), wanted: 'an object' };
const oneOf = (...words: string[]): Field => ({ fits: (value) => words.includes(value as string), wanted: words.join(', ') });
const FORMAT = oneOf('parquet', 'csv', 'ndjson');
const IF_EXISTS = oneOf('replace', 'append', 'fail');

interface WithConnection {
  /** Default `google_cloud_default`. */
  readonly connection?: string;
}

/** `task("load", { from: "gs://bucket/trips/*.parquet", table: "taxi.trips", ifExists: "replace" }, bigqueryLoad)`. */
export const bigqueryLoad = defineTask({
  name: 'bigquery_load',
  input: fields<LoadOptions & WithConnection>({
    from: TEXTS,
    table: TEXT,
    format: optional(FORMAT),
    ifExists: IF_EXISTS,
    schema: optional(LIST),
    hiveFolder: optional(TEXT),
    addColumns: optional(FLAG),
    skipLeadingRows: optional(COUNT),
    name: optional(TEXT),
    connection: optional(TEXT),
  }),
  templateFields: ['from', 'table', 'hiveFolder'],
  run: async ({ connection, ...options }, ctx): Promise<LoadedTable> => {
    const loaded = await (await connectBigQuery(ctx, connection)).load(options);
    ctx.log.info(`${loaded.table}: ${loaded.rows} rows${loaded.wasDone ? ', which an earlier attempt had loaded' : ' loaded'}`, {
      job: loaded.jobId,
    });
    return loaded;
  },
});

export interface BigQueryQueryInput extends WithConnection {
  readonly sql: string;
  /** `@name` in the statement. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly maxRows?: number;
  /** A table for the rows, instead of the result. */
  readonly into?: string;
  readonly ifExists?: LoadOptions['ifExists'];
}

/** The rows of a statement, or with `into` how it was put into a table. */
export const bigqueryQuery = defineTask({
  name: 'bigquery_query',
  input: fields<BigQueryQueryInput>({
    sql: TEXT,
    params: optional(OBJECT),
    maxRows: optional(COUNT),
    into: optional(TEXT),
    ifExists: optional(IF_EXISTS),
    connection: optional(TEXT),
  }),
  templateFields: ['sql', 'params', 'into'],
  run: async ({ sql, params, maxRows, into, ifExists, connection }, ctx) => {
    const bigquery = await connectBigQuery(ctx, connection);
    if (into !== undefined) {
      const { jobId, wasDone } = await bigquery.queryInto(into, sql, { ifExists: ifExists ?? 'fail' });
      return { table: into, jobId, wasDone };
    }
    return {
      rows: await bigquery.query(sql, { ...(params === undefined ? {} : { params }), ...(maxRows === undefined ? {} : { maxRows }) }),
    };
  },
});

export interface BigQueryExtractInput extends WithConnection {
  readonly table: string;
  readonly to: string;
  readonly format?: LoadOptions['format'];
}

export const bigqueryExtract = defineTask({
  name: 'bigquery_extract',
  input: fields<BigQueryExtractInput>({ table: TEXT, to: TEXT, format: optional(FORMAT), connection: optional(TEXT) }),
  templateFields: ['table', 'to'],
  run: async ({ connection, table, to, format }, ctx) => {
    const { jobId } = await (await connectBigQuery(ctx, connection)).extract({ table, to, ...(format === undefined ? {} : { format }) });
    return { table, to, jobId };
  },
});

/** `sensor("loaded", bigqueryTableExists("taxi.trips_{{ ds_nodash }}"), { every: "5m" })`. */
export function bigqueryTableExists(table: string, options: WithConnection = {}): (ctx: Ctx<unknown>) => Promise<string | Pending> {
  return async (ctx) => {
    const rendered = await ctx.template(table);
    const bigquery = await connectBigQuery(ctx, options.connection);
    return (await bigquery.tableExists(rendered)) ? rendered : notYet({ note: `${rendered} is not there` });
  };
}
