/** Selects as syntax trees, by DuckDB's parser; and the select within a statement that writes a table. */

/** Null when the parser does not know the statement. Nothing is run, and no file is opened. */
export async function parseSelect(sql: string): Promise<unknown> {
  try {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    try {
      const reader = await connection.runAndReadAll(
        'select json_serialize_sql($1::varchar, skip_null := true, skip_empty := true, skip_default := true)',
        [sql],
      );
      const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as { readonly error?: boolean };
      return tree.error === true ? null : tree;
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } catch {
    // The library is not there, or gives up: lineage is an extra, never a reason to fail.
    return null;
  }
}

export interface WritingStatement {
  /** As it is written: a server may fold its case. */
  readonly table: string;
  readonly schema: string | null;
  /** Columns of the table in the order of the select; null = they have its names. */
  readonly columns: readonly string[] | null;
  readonly select: string;
  /** Rows are added to a table that is there. */
  readonly adds: boolean;
  /** A table that holds these rows and no others; not a view. */
  readonly makesTable: boolean;
  /** `insert into t by name select …` */
  readonly isByName: boolean;
}

const NAME = '(?:"(?:[^"]|"")+"|[A-Za-z_][\\w$]*)';
const WRITES = new RegExp(
  `^\\s*(?:create\\s+(?:or\\s+replace\\s+)?(?:unlogged\\s+)?(materialized\\s+view|table|view)\\s+(?:if\\s+not\\s+exists\\s+)?|(insert)\\s+(?:or\\s+replace\\s+|or\\s+ignore\\s+)?into\\s+)` +
    `(?:${NAME}\\s*\\.\\s*)??(?:(${NAME})\\s*\\.\\s*)?(${NAME})\\s*(?:\\(([^()]*)\\))?\\s*(?:as\\s+)?(by\\s+name\\s+)?((?:with|select|from)\\b[\\s\\S]*?);?\\s*$`,
  'i',
);

/** `insert into t (a, b) select …`, `create table t as select …` and views; null for every other statement. */
export function readWritingStatement(sql: string): WritingStatement | null {
  const match = WRITES.exec(sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' '));
  if (!match) return null;
  const [, kind, insert, schema, table = '', columns, byName, select = ''] = match;
  return {
    table: unquote(table),
    schema: schema === undefined ? null : unquote(schema),
    columns: columns === undefined ? null : columns.split(',').map((name) => unquote(name.trim())),
    // What follows the select of an insert is no part of it.
    select: insert === undefined ? select : select.replace(/\bon\s+conflict\b[\s\S]*$|\breturning\b[\s\S]*$/i, ''),
    adds: insert !== undefined,
    makesTable: kind?.toLowerCase() === 'table',
    isByName: byName !== undefined,
  };
}

/** `project.dataset.table` is one name of BigQuery, and three to the parser. */
export function standardBigquery(sql: string): string {
  return sql.replace(/`([^`]+)`/g, (_all, name: string) =>
    name
      .split('.')
      .map((part) => `"${part}"`)
      .join('.'),
  );
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
