/** What a statement that writes a table of Postgres leaves there: the table's columns, and which columns each is made of. */
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { Written } from '#sdk/runtime/asset-writes.ts';
import type { Postgres } from '../postgres/connect.ts';
import { quoteTable } from '../postgres/identifiers.ts';
import { placeOf } from '../postgres/load-table.ts';
import { type ColumnLineage, selectedColumnsOf, tablesOf } from './column-lineage.ts';
import { parseSelect, readWritingStatement } from './parse-select.ts';

export type DescribedWriting = Written & { readonly columns: readonly AssetColumn[] };

/** Null for a statement that writes no table by a select. To be called in the transaction of the statement, after it. */
export async function describeWriting(
  postgres: Postgres,
  sql: string,
  connectionId: string,
  rowCount: number,
): Promise<DescribedWriting | null> {
  const writing = readWritingStatement(sql);
  if (writing === null) return null;
  const [place] = await postgres.query<{ schema: string; table: string }>(
    `select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)`,
    [writing.schema === null ? `"${writing.table.replaceAll('"', '""')}"` : quoteTable({ schema: writing.schema, table: writing.table })],
  );
  if (place === undefined) return null;
  const columns = await columnsOf(postgres, quoteTable(place));
  const lineage = await lineageOf(postgres, writing.select);
  const named = lineage === null ? null : withoutFrames(underNames(lineage, writing.columns));
  return {
    ...placeOf(postgres.client, place, connectionId),
    columns,
    rows: rowCount,
    adds: writing.adds,
    ...(named !== null && Object.keys(named).length > 0 && { columnLineage: named }),
  };
}

type Selected = NonNullable<ReturnType<typeof selectedColumnsOf>>;

/** Of a statement of BigQuery; its tables are not asked for their columns, so a name without its table counts where there is one table. */
export async function bigqueryWriting(
  sql: string,
): Promise<{ readonly dataset: string; readonly table: string; readonly adds: boolean; readonly columnLineage: ColumnLineage } | null> {
  // `project.dataset.table` is one name there, and three to the parser.
  const standard = sql.replace(/`([^`]+)`/g, (_all, name: string) =>
    name
      .split('.')
      .map((part) => `"${part}"`)
      .join('.'),
  );
  const writing = readWritingStatement(standard);
  if (writing === null || writing.schema === null) return null;
  const tree = await parseSelect(writing.select);
  const selected = tree === null ? null : selectedColumnsOf(tree, () => null);
  const columnLineage = selected === null ? {} : underNames(selected, writing.columns);
  return { dataset: writing.schema, table: writing.table, adds: writing.adds, columnLineage: withoutFrames(columnLineage) };
}

/** Tables that were made of frames go with the session: they are no assets. */
function withoutFrames(lineage: ColumnLineage): ColumnLineage {
  const known = Object.entries(lineage).map(
    ([column, sources]) => [column, sources.filter(({ asset }) => !/(^|[._])df_\d+$/.test(asset))] as const,
  );
  return Object.fromEntries(known.filter(([, sources]) => sources.length > 0));
}

async function lineageOf(postgres: Postgres, select: string): Promise<Selected | null> {
  const tree = await parseSelect(select);
  if (tree === null) return null;
  const known = new Map<string, readonly string[]>();
  for (const table of tablesOf(tree)) {
    const columns = await columnsOf(postgres, table);
    if (columns.length > 0)
      known.set(
        table,
        columns.map((column) => column.name),
      );
  }
  return selectedColumnsOf(tree, (table) => known.get(table) ?? null);
}

/** `insert into t (a, b) select x, y`: what makes x makes a. */
function underNames(selected: Selected, columns: readonly string[] | null): ColumnLineage {
  const isNamed = columns !== null && columns.length === selected.length;
  if (columns !== null && !isNamed) return {};
  const named = selected.map(([name, sources], index) => [columns?.[index] ?? name, sources] as const);
  return Object.fromEntries(named.filter(([, sources]) => sources.length > 0));
}

async function columnsOf(postgres: Postgres, table: string): Promise<readonly AssetColumn[]> {
  return postgres.query<{ name: string; type: string; nullable: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type, not attnotnull as nullable from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
}
