/** The syntax tree of a select, as DuckDB's json_serialize_sql gives it: what its nodes hold. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as unknown[]).filter(isFields) : []);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Thrown inside for what cannot be followed: better nothing than something wrong. */
export class NotCovered extends Error {}

/** A table that a select reads, as it names it. */
export interface NamedTable {
  /** Of schema and table, or a path. */
  readonly name: string;
  readonly schema: string | null;
  readonly table: string;
}

/** Those that the select defines itself are left out. */
export function tablesOf(tree: unknown): readonly NamedTable[] {
  const tables = new Map<string, NamedTable>();
  const defined = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value as unknown[]) visit(one);
    if (!isFields(value)) return;
    const found = namedTable(value);
    if (found !== null) tables.set(found.name, found);
    for (const entry of listOf(fieldsOf(value['cte_map'])['map'])) defined.add(textOf(entry['key']).toLowerCase());
    for (const one of Object.values(value)) visit(one);
  };
  visit(tree);
  return [...tables.values()].filter(({ name }) => !defined.has(name.toLowerCase()));
}

function namedTable(node: Fields): NamedTable | null {
  if (node['type'] === 'BASE_TABLE')
    return { name: nameOfTable(node), schema: textOf(node['schema_name']) || null, table: textOf(node['table_name']) };
  const path = node['type'] === 'TABLE_FUNCTION' ? fileOf(fieldsOf(node['function'])) : null;
  return path === null ? null : { name: path, schema: null, table: path };
}

export function nameOfTable({ schema_name: schema, table_name: table }: Fields): string {
  return textOf(schema) === '' ? textOf(table) : `${textOf(schema)}.${textOf(table)}`;
}

/** `read_parquet('/data/x.parquet')` */
export function fileOf(call: Fields): string | null {
  const [first] = listOf(call['children']);
  const value = fieldsOf(fieldsOf(first)['value'])['value'];
  return /^(read_|parquet_scan)/.test(textOf(call['function_name'])) && typeof value === 'string' ? value : null;
}
