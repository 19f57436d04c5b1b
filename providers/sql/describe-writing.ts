/** What a statement that writes a table by a select leaves there: the table's columns, and which columns each is made of. */
import { type AssetColumn, type ColumnLineage, VERSION_LIMITS } from '#core/assets/asset-version.ts';
import type { Written } from '#sdk/runtime/asset-writes.ts';
import { firstRowsIn } from '../arrow/report-writing.ts';
import type { Postgres } from '../postgres/connect.ts';
import { quoteTable } from '../postgres/identifiers.ts';
import { findTable, postgresTables } from '../postgres/known-tables.ts';
import { placeOf } from '../postgres/load-table.ts';
import { underNames } from './column-lineage.ts';
import { readWritingStatement, standardBigquery, type WritingStatement } from './parse-select.ts';
import { type FrameTables, type LookUp, lineageOfSelect, NO_FRAMES } from './statement-lineage.ts';

export type DescribedWriting = Written & { readonly columns: readonly AssetColumn[] };

export interface StatementDone {
  readonly sql: string;
  readonly connectionId: string;
  readonly rowCount: number;
  readonly frames?: FrameTables;
}

/** Of Postgres. Null for a statement that writes no table by a select. To be called in the transaction of the statement, after it. */
export async function describeWriting(
  postgres: Postgres,
  { sql, connectionId, rowCount, frames = NO_FRAMES }: StatementDone,
): Promise<DescribedWriting | null> {
  const writing = readWritingStatement(sql);
  const found = writing === null ? null : await findTable(postgres.client, writing);
  if (writing === null || found === null) return null;
  const tables = postgresTables(postgres.client, connectionId, { asNamed: true });
  const rows = !writing.makesTable ? [] : await postgres.query(`select * from ${quoteTable(found)} limit ${VERSION_LIMITS.sampleRows}`);
  return {
    ...placeOf(postgres.client, found, connectionId),
    columns: found.columns,
    rows: rowCount,
    adds: writing.adds,
    // Of rows that were added nobody can tell which they are, and the rows of a view may cost much.
    ...(writing.makesTable && firstRowsIn(found.columns, rows)),
    ...(await lineageOfWriting(writing, found.columns, tables, frames)),
  };
}

/** `columns`: of the table that was written; empty = not known. */
export async function lineageOfWriting(
  writing: WritingStatement,
  columns: readonly { readonly name: string }[],
  lookUp: LookUp,
  frames: FrameTables,
): Promise<{ readonly columnLineage?: ColumnLineage }> {
  const selected = await lineageOfSelect(writing.select, lookUp, frames);
  if (selected === null) return {};
  const spelled = (name: string) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name ?? name;
  // `insert into t (a, b) select x, y`: what makes x makes a.
  const own = writing.isByName || columns.length === 0 ? selected.map(([name]) => name) : columns.map((column) => column.name);
  if (writing.columns !== null && writing.columns.length !== selected.length) return {};
  const columnLineage = underNames(selected, (writing.columns ?? own).map(spelled));
  return columnLineage === null ? {} : { columnLineage };
}

/** Of a statement of BigQuery; its tables are not asked for their columns, so a name without its table counts where there is one table. */
export async function bigqueryWriting(
  sql: string,
  frames: FrameTables = NO_FRAMES,
): Promise<{ readonly dataset: string; readonly table: string; readonly adds: boolean; readonly columnLineage?: ColumnLineage } | null> {
  const writing = readWritingStatement(standardBigquery(sql));
  if (writing === null || writing.schema === null) return null;
  return {
    dataset: writing.schema,
    table: writing.table,
    adds: writing.adds,
    ...(await lineageOfWriting(writing, [], async () => null, frames)),
  };
}
