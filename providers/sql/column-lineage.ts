/**
 * Which columns of which tables each column of a select is made of, read from the syntax tree that DuckDB's parser gives. Nothing is run. What
 * is said of a column is what its value is computed from, not what rows are filtered, joined or ordered by. Names are told apart without regard
 * to case, as servers do with those that are not quoted.
 */
import { type ColumnLineage, type ColumnSource, uniqueSources } from '#core/assets/asset-version.ts';
import type { KnownTable } from '../arrow/column-origin.ts';
import { type Fields, fieldsOf, fileOf, isFields, listOf, NotCovered, nameOfTable, textOf } from './select-tree.ts';

/** Null = not known. None: it is made of no column. */
export type Sources = readonly ColumnSource[] | null;
export type SelectedColumn = readonly [name: string, sources: Sources];

export type KnownTables = (name: string) => KnownTable | null;

interface Relation {
  readonly alias: string;
  /** Null = any name may be one. */
  readonly columns: readonly SelectedColumn[] | null;
  readonly sourcesOf: (column: string) => Sources;
  /** In lower case: those of USING, which are there once, as the other side's. */
  readonly hidden: ReadonlySet<string>;
}
type Scope = ReadonlyMap<string, readonly SelectedColumn[]>;

interface Reading {
  readonly relations: readonly Relation[];
  readonly scope: Scope;
  readonly known: KnownTables;
}

/** A table that is an asset, or that stands for itself. */
export function tableOf(asset: string, columns: readonly string[] | null): KnownTable {
  return { columns, sourcesOf: (column) => [{ asset, column }] };
}

/** `tree`: what json_serialize_sql gives. Columns in order; null when it cannot be said which there are. */
export function selectedColumnsOf(tree: unknown, known: KnownTables): readonly SelectedColumn[] | null {
  const [statement, ...others] = listOf(fieldsOf(tree)['statements']);
  if (statement === undefined || others.length > 0) return null;
  try {
    return readNode(fieldsOf(statement['node']), new Map(), known);
  } catch (error) {
    if (error instanceof NotCovered) return null;
    throw error;
  }
}

/** Under these names, by position; a column of which nothing is known is left out. Null when nothing is known of any. */
export function underNames(selected: readonly SelectedColumn[], names: readonly string[]): ColumnLineage | null {
  if (names.length < selected.length) return null;
  const lineage = selected.flatMap(([, sources], index) => (sources === null ? [] : [[names[index] as string, sources] as const]));
  return lineage.length === 0 ? null : Object.fromEntries(lineage);
}

function readNode(node: Fields, outer: Scope, known: KnownTables): readonly SelectedColumn[] {
  const scope = new Map(outer);
  for (const entry of listOf(fieldsOf(node['cte_map'])['map'])) {
    const value = fieldsOf(entry['value']);
    const columns = readNode(fieldsOf(fieldsOf(value['query'])['node']), scope, known);
    scope.set(textOf(entry['key']).toLowerCase(), renamed(columns, value['aliases']));
  }
  switch (node['type']) {
    case 'SELECT_NODE':
      return readSelect(node, scope, known);
    case 'SET_OPERATION_NODE':
      return union(readNode(fieldsOf(node['left']), scope, known), readNode(fieldsOf(node['right']), scope, known));
    default:
      throw new NotCovered();
  }
}

/** `t(a, b)` */
function renamed(columns: readonly SelectedColumn[], names: unknown): readonly SelectedColumn[] {
  if (!Array.isArray(names)) return columns;
  if (names.length > columns.length) throw new NotCovered();
  return columns.map(([name, sources], index) => [textOf(names[index]) || name, sources] as const);
}

/** By position, under the names of the first. */
function union(left: readonly SelectedColumn[], right: readonly SelectedColumn[]): readonly SelectedColumn[] {
  if (left.length !== right.length) throw new NotCovered();
  return left.map(([name, sources], index) => [name, together([sources, (right[index] as SelectedColumn)[1]])]);
}

function readSelect(node: Fields, scope: Scope, known: KnownTables): readonly SelectedColumn[] {
  const relations = node['from_table'] === undefined ? [] : readFrom(fieldsOf(node['from_table']), scope, known);
  return listOf(node['select_list']).flatMap((item, index) => {
    if (item['type'] === 'STAR') return readStar(item, relations);
    const parts = (item['column_names'] ?? []) as readonly string[];
    const name = textOf(item['alias']) || textOf(parts.at(-1)) || textOf(item['function_name']);
    // A column without a name of its own is called differently by every server.
    return [[name === '' ? `?${index}` : name, asFarAsKnown(() => sourcesOf(item, { relations, scope, known }))] as const];
  });
}

/** What cannot be followed in one column says nothing of the others. */
function asFarAsKnown(read: () => Sources): Sources {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotCovered) return null;
    throw error;
  }
}

function readStar(item: Fields, relations: readonly Relation[]): readonly SelectedColumn[] {
  if (item['columns'] === true || item['expr'] !== undefined) throw new NotCovered();
  if (item['exclude_list'] !== undefined || item['replace_list'] !== undefined || item['rename_list'] !== undefined) throw new NotCovered();
  const of = textOf(item['relation_name']);
  return relations
    .filter((relation) => of === '' || isSame(relation.alias, of))
    .flatMap(({ columns, hidden }) => {
      if (columns === null) throw new NotCovered();
      return of === '' ? columns.filter(([name]) => !hidden.has(name.toLowerCase())) : columns;
    });
}

const NONE: ReadonlySet<string> = new Set();

function readFrom(table: Fields, scope: Scope, known: KnownTables): readonly Relation[] {
  const alias = textOf(table['alias']);
  const names = table['column_name_alias'];
  switch (table['type']) {
    case 'BASE_TABLE': {
      const plain = textOf(table['table_name']);
      const defined = table['schema_name'] === undefined ? scope.get(plain.toLowerCase()) : undefined;
      if (defined !== undefined) return [relationOf(alias || plain, renamed(defined, names))];
      return [knownRelation(alias || plain, nameOfTable(table), known, names)];
    }
    case 'JOIN':
      return readJoin(table, scope, known);
    case 'SUBQUERY':
      return [relationOf(alias, renamed(readNode(fieldsOf(fieldsOf(table['subquery'])['node']), scope, known), names))];
    case 'EMPTY':
      return [];
    case 'TABLE_FUNCTION': {
      const path = fileOf(fieldsOf(table['function']));
      if (path === null) throw new NotCovered();
      return [knownRelation(alias || path, path, known, names)];
    }
    default:
      throw new NotCovered();
  }
}

function readJoin(join: Fields, scope: Scope, known: KnownTables): readonly Relation[] {
  const left = readFrom(fieldsOf(join['left']), scope, known);
  const right = readFrom(fieldsOf(join['right']), scope, known);
  if (join['ref_type'] === 'NATURAL') throw new NotCovered();
  const using = Array.isArray(join['using_columns']) ? (join['using_columns'] as unknown[]).map((name) => textOf(name).toLowerCase()) : [];
  return [...left, ...right.map((relation) => ({ ...relation, hidden: new Set([...relation.hidden, ...using]) }))];
}

function relationOf(alias: string, columns: readonly SelectedColumn[]): Relation {
  return { alias, columns, sourcesOf: () => null, hidden: NONE };
}

function knownRelation(alias: string, name: string, known: KnownTables, names: unknown): Relation {
  const table = known(name) ?? tableOf(name, null);
  if (table.columns === null && names !== undefined) throw new NotCovered();
  const columns = table.columns?.map((column) => [column, table.sourcesOf(column)] as const) ?? null;
  return { alias, columns: columns && renamed(columns, names), sourcesOf: table.sourcesOf, hidden: NONE };
}

/** Everything below an expression that is a column, of this select or, in a subquery, of its result. */
function sourcesOf(value: unknown, reading: Reading): Sources {
  if (Array.isArray(value)) return together((value as unknown[]).map((one) => sourcesOf(one, reading)));
  if (!isFields(value)) return [];
  switch (value['class']) {
    case 'COLUMN_REF':
      return sourcesOfColumn(value['column_names'] as readonly string[], reading.relations);
    case 'STAR':
      return [];
    case 'LAMBDA':
      // Its own names are no columns.
      throw new NotCovered();
    case 'SUBQUERY': {
      // Its own tables; what it takes from outside only filters it.
      const inner = readNode(fieldsOf(fieldsOf(value['subquery'])['node']), reading.scope, reading.known);
      return together([...inner.map(([, sources]) => sources), sourcesOf(value['child'], reading)]);
    }
    default:
      return together(Object.values(value).map((one) => sourcesOf(one, reading)));
  }
}

function sourcesOfColumn(names: readonly string[], relations: readonly Relation[]): Sources {
  const column = textOf(names.at(-1));
  const of = textOf(names.at(-2));
  const candidates = relations.filter(({ alias, hidden }) => (of === '' ? !hidden.has(column.toLowerCase()) : isSame(alias, of)));
  const found = candidates.flatMap(({ columns }) => columns?.filter(([name]) => isSame(name, column)) ?? []);
  if (found.length === 1) return (found[0] as SelectedColumn)[1];
  const [only, ...others] = candidates.filter(({ columns }) => columns === null);
  // Of several tables whose columns are not known it may be any one.
  if (found.length > 1 || only === undefined || others.length > 0) throw new NotCovered();
  return only.sourcesOf(column);
}

/** Null when something of it is not known: a part of the truth would be taken for all of it. */
function together(parts: readonly Sources[]): Sources {
  return parts.includes(null) ? null : uniqueSources(parts.flatMap((part) => part ?? []));
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
