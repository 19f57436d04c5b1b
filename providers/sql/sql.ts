/** The `sql` task: one or more statements on a connection, in one transaction. */
import { type Field, fields, LIST, optional, TEXT } from '#sdk/fields.ts';
import { defineTask } from '#sdk/index.ts';
import { beforePublish, isReporting, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { type DescribedWriting, describeWriting } from './describe-writing.ts';

/** One statement; `$1` in it is `values[0]`. */
export interface SqlStatement {
  readonly sql: string;
  readonly values?: readonly unknown[];
}

export interface SqlInput {
  /** Id of a connection. Postgres for now. */
  readonly connection: string;
  /** A statement, or several in order. */
  readonly sql: string | readonly (string | SqlStatement)[];
  /** Values of the one statement. */
  readonly values?: readonly unknown[];
  /** Returned rows beyond this many fail the task instead of filling the database; default 10,000. */
  readonly maxRows?: number;
  /** Each statement on its own, outside of a transaction: for VACUUM, CREATE DATABASE and their kin. */
  readonly autocommit?: boolean;
}

export interface SqlResult {
  /** Rows of the last statement. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows the last statement returned or changed. */
  readonly rowCount: number;
}

const ROWS_MAX = 10_000;
const isStatement = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && typeof (value as SqlStatement).sql === 'string');
const STATEMENTS: Field = {
  fits: (value) => typeof value === 'string' || (Array.isArray(value) && value.length > 0 && value.every(isStatement)),
  wanted: 'a statement, or a list of statements',
};
const COUNT: Field = { fits: (value) => Number.isSafeInteger(value) && (value as number) >= 0, wanted: 'a whole number' };

const FLAG: Field = { fits: (value) => typeof value === 'boolean', wanted: 'true or false' };

/** `task("count", { connection: "warehouse", sql: "select count(*) from orders where day = $1", values: [day] }, sql)`. */
export const sql = defineTask({
  name: 'sql',
  input: fields<SqlInput>({
    connection: TEXT,
    sql: STATEMENTS,
    values: optional(LIST),
    maxRows: optional(COUNT),
    autocommit: optional(FLAG),
  }),
  // A template in a statement is pasted as text; what is data belongs into `values`, which are templates, too.
  templateFields: ['sql', 'values'],
  run: async (input, ctx): Promise<SqlResult> => {
    // Loaded when needed: a DAG that never runs this task does not pay for the driver.
    const { connectPostgres } = await import('../postgres/connect.ts');
    await using database = await connectPostgres(ctx, input.connection);
    const statements = (typeof input.sql === 'string' ? [input.sql] : input.sql).map((one) =>
      typeof one === 'string' ? { sql: one } : one,
    );
    let rows: readonly Readonly<Record<string, unknown>>[] = [];
    let rowCount = 0;
    const written: DescribedWriting[] = [];
    if (!input.autocommit) await database.client.query('begin');
    for (const [index, statement] of statements.entries()) {
      const values = statement.values ?? (statements.length === 1 ? input.values : undefined) ?? [];
      const result = await database.client.query(statement.sql, [...values]).catch((cause: Error) => {
        const which = statements.length > 1 ? `Statement ${index + 1} of ${statements.length}` : 'The statement';
        throw new Error(
          `${which} failed on connection "${input.connection}": ${cause.message}.${input.autocommit ? '' : ' Nothing was changed.'}`,
          { cause },
        );
      });
      rows = (result.rows ?? []) as Record<string, unknown>[];
      rowCount = result.rowCount ?? 0;
      ctx.log.info(`${result.command ?? 'done'}: ${rowCount} rows`);
      const writing = isReporting()
        ? await describeWriting(database, { sql: statement.sql, connectionId: input.connection, rowCount })
        : null;
      if (writing !== null) {
        await beforePublish(writing);
        written.push(writing);
      }
    }
    const maxRows = input.maxRows ?? ROWS_MAX;
    if (rows.length > maxRows)
      throw new Error(
        `The statement returned ${rows.length} rows; maxRows is ${maxRows}. Aggregate or limit in SQL, or write them to a file of ctx.scratch.`,
      );
    if (!input.autocommit) await database.client.query('commit');
    for (const writing of written) reportWritten(writing);
    return { rows, rowCount };
  },
});
