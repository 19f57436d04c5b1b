/** A DuckDB statement as a task. */
import { type Field, fields, optional, TEXT, TEXT_RECORD } from '#sdk/fields.ts';
import { defineTask } from '#sdk/index.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import { openDuckdb } from './duckdb.ts';

export interface DuckdbSqlInput {
  readonly sql: string;
  /** Table name -> path of a frame file of `writeFrame`. Parquet, CSV and NDJSON files need none: `from '/path/x.parquet'`. */
  readonly frames?: Readonly<Record<string, string>>;
  /** A file for the rows (.parquet, .csv, .ndjson), instead of the result. */
  readonly into?: string;
  readonly maxRows?: number;
}

const COUNT: Field = { fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0, wanted: 'a whole number' };

/** `task("sum", { sql: "select count(*) as n from trips", frames: { trips: trips.at("path") } }, duckdbSql)`. */
export const duckdbSql = defineTask({
  name: 'duckdb_sql',
  input: fields<DuckdbSqlInput>({ sql: TEXT, frames: optional(TEXT_RECORD), into: optional(TEXT), maxRows: optional(COUNT) }),
  templateFields: ['sql', 'into'],
  run: async ({ sql, frames = {}, into, maxRows }, ctx) => {
    await using duckdb = await openDuckdb();
    for (const [name, path] of Object.entries(frames)) await duckdb.register(name, readFrameBatches(path));
    if (into === undefined)
      return { rows: await duckdb.query(sql, [], maxRows === undefined ? {} : { maxRows }), path: null, rowCount: null };
    const rowCount = await duckdb.copyTo(sql, into);
    ctx.log.info(`wrote ${rowCount} rows to ${into}`);
    return { rows: null, path: into, rowCount };
  },
});
