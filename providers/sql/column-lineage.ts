/**
 * Which columns of which tables each column of a select is made of, read from the syntax tree that DuckDB's parser gives. Nothing is run. What
 * is said of a column is what its value is computed from, not what rows are filtered, joined or ordered by.
 */
import type { ColumnSource } from '#core/assets/asset-version.ts';

export type ColumnLineage = Readonly<Record<string, readonly ColumnSource[]>>;

/** Columns of a table, in order; null = not known. */
export type KnownColumns = (table: string) => readonly string[] | null;

type Fields = Readonly<Record<string, unknown>>;
/** Column -> what it is made of; null = its columns are not known, so any name may be one. */
interface Relation {
  readonly alias: string;
  readonly table: string | null;
  readonly columns: ReadonlyMap<string, readonly ColumnSource[]> | null;
}
type Scope = ReadonlyMap<string, ReadonlyMap<string, readonly ColumnSource[]>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as unknown[]).filter(isFields) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Thrown inside for what cannot be followed. */
class NotCovered extends Error {}

/** `tree`: what json_serialize_sql gives. Null when a part of it is not covered: better nothing than something wrong. */
export function columnLineageOf(tree: unknown, known: KnownColumns = () => null): ColumnLineage | null {
  const columns = selectedColumnsOf(tree, known);
  return columns && Object.fromEntries(columns.filter(([, sources]) => sources.length > 0));
}

/** The same in the order of the select, with those that are made of no column. */
export function selectedColumnsOf(tree: unknown, known: KnownColumns): readonly (readonly [string, readonly ColumnSource[]])[] | null {
  const [statement, ...others] = listOf(fieldsOf(tree)['statements']);
  if (statement === undefined || others.length > 0) return null;
  try {
    return [...readNode(fieldsOf(statement['node']), new Map(), known)];
  } catch (error) {
    if (error instanceof NotCovered) return null;
    throw error;
  }
}

/** Tables that the select reads from, as it names them; those that it defines itself are left out. */
export function tablesOf(tree: unknown): readonly string[] {
  const tables = new Set<string>();
  const defined = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value as unknown[]) visit(one);
    if (!isFields(value)) return;
    if (value['type'] === 'BASE_TABLE') tables.add(nameOfTable(value));
    for (const entry of listOf(fieldsOf(value['cte_map'])['map'])) defined.add(textOf(entry['key']));
    for (const one of Object.values(value)) visit(one);
  };
  visit(tree);
  return [...tables].filter((name) => !defined.has(name));
}

function readNode(node: Fields, outer: Scope, known: KnownColumns): Map<string, readonly ColumnSource[]> {
  const scope = new Map(outer);
  for (const entry of listOf(fieldsOf(node['cte_map'])['map']))
    scope.set(textOf(entry['key']), readNode(fieldsOf(fieldsOf(fieldsOf(entry['value'])['query'])['node']), scope, known));
  switch (node['type']) {
    case 'SELECT_NODE':
      return readSelect(node, scope, known);
    case 'SET_OPERATION_NODE':
      return union(readNode(fieldsOf(node['left']), scope, known), readNode(fieldsOf(node['right']), scope, known));
    default:
      throw new NotCovered();
  }
}

/** By position, under the names of the first. */
function union(left: ReadonlyMap<string, readonly ColumnSource[]>, right: ReadonlyMap<string, readonly ColumnSource[]>) {
  const others = [...right.values()];
  if (left.size !== others.length) throw new NotCovered();
  return new Map([...left].map(([name, sources], index) => [name, unique([...sources, ...(others[index] ?? [])])]));
}

function readSelect(node: Fields, scope: Scope, known: KnownColumns): Map<string, readonly ColumnSource[]> {
  const relations = node['from_table'] === undefined ? [] : readFrom(fieldsOf(node['from_table']), scope, known);
  const columns = new Map<string, readonly ColumnSource[]>();
  for (const item of listOf(node['select_list'])) {
    if (item['type'] === 'STAR') {
      if (item['columns'] === true || item['expr'] !== undefined) throw new NotCovered();
      for (const [name, sources] of readStar(item, relations)) columns.set(name, sources);
      continue;
    }
    const parts = (item['column_names'] ?? []) as readonly string[];
    const name = textOf(item['alias']) || textOf(parts.at(-1)) || textOf(item['function_name']);
    // A column without a name of its own is called differently by every server.
    columns.set(name === '' ? `?${columns.size}` : name, unique(sourcesOf(item, relations, scope, known)));
  }
  return columns;
}

function readStar(item: Fields, relations: readonly Relation[]): readonly (readonly [string, readonly ColumnSource[]])[] {
  const of = textOf(item['relation_name']);
  const excluded = JSON.stringify([item['exclude_list'], item['replace_list'], item['rename_list']]);
  if (excluded !== '[null,null,null]') throw new NotCovered();
  return relations
    .filter((relation) => of === '' || relation.alias === of)
    .flatMap((relation) => {
      if (relation.columns === null) throw new NotCovered();
      return [...relation.columns];
    });
}

function readFrom(table: Fields, scope: Scope, known: KnownColumns): readonly Relation[] {
  const alias = textOf(table['alias']);
  switch (table['type']) {
    case 'BASE_TABLE': {
      const name = nameOfTable(table);
      const defined = scope.get(name);
      const plain = textOf(table['table_name']);
      if (defined !== undefined) return [{ alias: alias || plain, table: null, columns: defined }];
      const columns = known(name);
      const own = columns && new Map(columns.map((column) => [column, [{ asset: name, column }]]));
      return [{ alias: alias || plain, table: name, columns: own }];
    }
    case 'JOIN':
      return [...readFrom(fieldsOf(table['left']), scope, known), ...readFrom(fieldsOf(table['right']), scope, known)];
    case 'SUBQUERY':
      return [{ alias, table: null, columns: readNode(fieldsOf(fieldsOf(table['subquery'])['node']), scope, known) }];
    case 'EMPTY':
      return [];
    case 'TABLE_FUNCTION': {
      const path = fileOf(fieldsOf(table['function']));
      if (path === null) throw new NotCovered();
      return [{ alias: alias || path, table: path, columns: null }];
    }
    default:
      throw new NotCovered();
  }
}

/** `read_parquet('/data/x.parquet')` */
function fileOf(call: Fields): string | null {
  const [first] = listOf(call['children']);
  const value = fieldsOf(fieldsOf(first)['value'])['value'];
  return /^(read_|parquet_scan)/.test(textOf(call['function_name'])) && typeof value === 'string' ? value : null;
}

/** Everything below an expression that is a column, of this select or, in a subquery, of its result. */
function sourcesOf(value: unknown, relations: readonly Relation[], scope: Scope, known: KnownColumns): readonly ColumnSource[] {
  if (Array.isArray(value)) return (value as unknown[]).flatMap((one) => sourcesOf(one, relations, scope, known));
  if (!isFields(value)) return [];
  if (value['class'] === 'COLUMN_REF') return sourcesOfColumn(value['column_names'] as readonly string[], relations);
  if (value['class'] === 'STAR') return [];
  if (value['class'] === 'SUBQUERY') {
    // Its own tables first; what it takes from outside only filters it.
    const inner = readNode(fieldsOf(fieldsOf(value['subquery'])['node']), scope, known);
    return [...[...inner.values()].flat(), ...sourcesOf(value['child'], relations, scope, known)];
  }
  return Object.values(value).flatMap((one) => sourcesOf(one, relations, scope, known));
}

function sourcesOfColumn(names: readonly string[], relations: readonly Relation[]): readonly ColumnSource[] {
  const column = textOf(names.at(-1));
  const of = textOf(names.at(-2));
  const candidates = relations.filter(
    (relation) => (of === '' || relation.alias === of) && (relation.columns === null || relation.columns.has(column)),
  );
  const [only, ...others] =
    candidates.filter((one) => one.columns !== null).length > 0 ? candidates.filter((one) => one.columns !== null) : candidates;
  // Of several tables whose columns are not known it may be any one.
  if (only === undefined || others.length > 0) throw new NotCovered();
  return only.columns?.get(column) ?? [{ asset: only.table ?? only.alias, column }];
}

function nameOfTable({ schema_name: schema, table_name: table }: Fields): string {
  return textOf(schema) === '' ? textOf(table) : `${textOf(schema)}.${textOf(table)}`;
}

function unique(sources: readonly ColumnSource[]): readonly ColumnSource[] {
  return [...new Map(sources.map((source) => [JSON.stringify([source.asset, source.column]), source])).values()];
}
