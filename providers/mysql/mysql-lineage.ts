/** What statements of MySQL read and write, as the catalogue calls it, put into the words that the parser knows. */
import type { Connection as MysqlClient, RowDataPacket } from 'mysql2/promise';
import { type AssetColumn, VERSION_LIMITS } from '#core/assets/asset-version.ts';
import { assetAt } from '#sdk/runtime/asset-writes.ts';
import type { Place } from '#sdk/runtime/known-places.ts';
import { firstRowsIn } from '../arrow/report-writing.ts';
import { tableOf } from '../sql/column-lineage.ts';
import { type DescribedWriting, lineageOfWriting } from '../sql/describe-writing.ts';
import { readWritingStatement, type WritingStatement } from '../sql/parse-select.ts';
import type { NamedTable } from '../sql/select-tree.ts';
import { type FrameTables, type LookUp, NO_FRAMES } from '../sql/statement-lineage.ts';

/** A table; `schema` is its database, null that of the connection. */
type Named = Pick<NamedTable, 'schema' | 'table'>;

/** Texts in single quotes, names in double ones, no comments: what MySQL writes `…` and "…" and # for. */
export function standardMysql(sql: string): string {
  return sql.replace(
    /'((?:[^'\\]|\\[\s\S]|'')*)'|"((?:[^"\\]|\\[\s\S]|"")*)"|`((?:[^`]|``)*)`|#[^\n]*|--(?=\s)[^\n]*|\/\*[\s\S]*?\*\//g,
    (_all, single: string | undefined, double: string | undefined, name: string | undefined) => {
      if (name !== undefined) return `"${name.replaceAll('``', '`').replaceAll('"', '""')}"`;
      const text = single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"');
      // What the text says is of no account here.
      return text === undefined
        ? ' '
        : `'${text
            .replace(/\\([\s\S])/g, '$1')
            .replaceAll("'", "''")
            .replaceAll('--', '- ')}'`;
    },
  );
}

/** `insert`, `replace` and `create table`, each by a select; null for every other statement. */
export function readMysqlWriting(sql: string): WritingStatement | null {
  const standard = standardMysql(sql)
    .replace(/^\s*(?:insert(?:\s+(?:ignore|low_priority|high_priority))*|replace(?:\s+low_priority)?)(?:\s+into)?\s/i, 'insert into ')
    .replace(/\bon\s+duplicate\s+key\s+update\b[\s\S]*$/i, '');
  const writing = readWritingStatement(standard);
  // `create table t (a int) select …` puts the columns of the select after its own.
  return writing === null || (!writing.adds && writing.columns !== null) ? null : writing;
}

export function placeOf({ config: { host, port, database } }: MysqlClient, { schema, table }: Named, connectionId?: string): Place {
  const here = schema ?? database;
  const names = connectionId === undefined || here !== database ? [] : [`mysql://${connectionId}/${table}`];
  return { uri: `mysql://${host}:${port}/${here}/${table}`, alsoKnownAs: [...names, `${here}.${table}`, table] };
}

/** Empty when there is no such table. */
export async function columnsOfTable(client: MysqlClient, { schema, table }: Named): Promise<readonly AssetColumn[]> {
  const [rows] = await client.query<RowDataPacket[]>(
    `select column_name as name, column_type as type, is_nullable as nullable from information_schema.columns where table_schema = ${schema === null ? 'database()' : client.escape(schema)} and table_name = ${client.escape(table)} order by ordinal_position`,
  );
  return rows.map((row) => ({ name: String(row['name']), type: String(row['type']), nullable: row['nullable'] === 'YES' }));
}

/** `asNamed`: what the DAG does not name is called as the statement calls it, not by its place. */
export function mysqlTables(client: MysqlClient, connectionId: string, { asNamed = false }: { readonly asNamed?: boolean } = {}): LookUp {
  return async (named) => {
    const columns = await columnsOfTable(client, named);
    if (columns.length === 0) return null;
    const place = placeOf(client, named, connectionId);
    return tableOf(
      assetAt(place) ?? (asNamed ? named.name : place.uri),
      columns.map((column) => column.name),
    );
  };
}

/** After the statement. Null for one that writes no table by a select. */
export async function describeMysqlWriting(
  client: MysqlClient,
  { sql, connectionId, rows, frames = NO_FRAMES }: { sql: string; connectionId: string; rows: number; frames?: FrameTables },
): Promise<DescribedWriting | null> {
  const writing = readMysqlWriting(sql);
  if (writing === null) return null;
  const columns = await columnsOfTable(client, writing);
  if (columns.length === 0) return null;
  const tables = mysqlTables(client, connectionId, { asNamed: true });
  const lineage = await lineageOfWriting(writing, columns, tables, frames);
  const seen = !writing.makesTable ? {} : firstRowsIn(columns, await firstRows(client, writing));
  return { ...placeOf(client, writing, connectionId), columns, rows, adds: writing.adds, ...lineage, ...seen };
}

async function firstRows(client: MysqlClient, { schema, table }: Named): Promise<RowDataPacket[]> {
  const name = client.escapeId(schema === null ? [table] : [schema, table]);
  return (await client.query<RowDataPacket[]>(`select * from ${name} limit ${VERSION_LIMITS.sampleRows}`))[0];
}
