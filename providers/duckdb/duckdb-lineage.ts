/** What DuckDB's statements read and write, as the catalogue calls it: tables of a database file, files, and frames that were registered. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AssetColumn, type ColumnLineage, VERSION_LIMITS } from '#core/assets/asset-version.ts';
import { assetAt } from '#sdk/runtime/asset-writes.ts';
import type { Place } from '#sdk/runtime/known-places.ts';
import type { KnownTable } from '../arrow/column-origin.ts';
import { firstRowsIn, uriOfFile } from '../arrow/report-writing.ts';
import { tableOf } from '../sql/column-lineage.ts';
import { type DescribedWriting, lineageOfWriting } from '../sql/describe-writing.ts';
import { readWritingStatement, type WritingStatement } from '../sql/parse-select.ts';
import type { NamedTable } from '../sql/select-tree.ts';
import { NO_FRAMES } from '../sql/statement-lineage.ts';

interface Database {
  describe(select: string): Promise<readonly AssetColumn[]>;
  query(select: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const DEFAULT_SCHEMA = 'main';

/** `path`: of `copy (select …) to 'path'`. */
type DuckdbWriting = WritingStatement & { readonly path: string | null };
const SELECT = { schema: null, table: '', columns: null, adds: false, makesTable: false, isByName: false } as const;

export class DuckdbLineage {
  readonly #database: Database;
  readonly #file: string | null;
  readonly #connectionId: string | undefined;
  /** By their names in lower case; null = nothing is known of it. */
  readonly #frames = new Map<string, ColumnLineage | null>();

  constructor(database: Database, file: string | null, connectionId: string | undefined) {
    this.#database = database;
    this.#file = file;
    this.#connectionId = connectionId;
  }

  register(name: string, lineage: ColumnLineage | null): void {
    this.#frames.set(name.toLowerCase(), lineage);
  }

  /** Null for a statement that writes no table by a select, and in a database that is gone when it is closed. */
  writingOf(sql: string): DuckdbWriting | null {
    const [, select, into] = /^\s*copy\s*\(([\s\S]*)\)\s*to\s*'((?:[^']|'')+)'/i.exec(sql) ?? [];
    if (select !== undefined && into !== undefined) return { ...SELECT, select, path: into.replaceAll("''", "'") };
    const writing = this.#file === null ? null : readWritingStatement(sql);
    return writing && { ...writing, path: null };
  }

  /** After the statement, in its transaction. */
  async written(writing: DuckdbWriting, rows: number): Promise<DescribedWriting | null> {
    if (writing.path !== null) return this.#copied(writing.select, writing.path, rows);
    const columns = await this.#columnsOf(writing);
    if (columns === null) return null;
    const lineage = await lineageOfWriting(writing, columns, this.lookUp, NO_FRAMES);
    const seen = !writing.makesTable ? {} : await this.#firstRows(`select * from ${named(writing)}`, columns);
    return { ...this.#placeOf(writing), columns, rows, adds: writing.adds, ...lineage, ...seen };
  }

  /** `columns`: those that the select has. */
  async ofSelect(sql: string, columns: readonly AssetColumn[]): Promise<{ readonly columnLineage?: ColumnLineage }> {
    return lineageOfWriting({ ...SELECT, select: sql }, columns, this.lookUp, NO_FRAMES);
  }

  async #copied(select: string, path: string, rows: number): Promise<DescribedWriting | null> {
    const columns = await this.#database.describe(select).catch(() => null);
    if (columns === null) return null;
    const file = await stat(path).catch(() => null);
    const bytes = file?.isFile() ? { bytes: file.size } : {};
    const seen = file?.isFile() ? await this.ofFile(path, columns) : {};
    return { uri: uriOfPath(path), columns, rows, ...bytes, ...(await this.ofSelect(select, columns)), ...seen };
  }

  /** The first rows of a file that was just written. */
  async ofFile(path: string, columns: readonly AssetColumn[]): Promise<Pick<DescribedWriting, 'firstRows'>> {
    return this.#firstRows(`select * from ${literal(path)}`, columns);
  }

  async #firstRows(select: string, columns: readonly AssetColumn[]): Promise<Pick<DescribedWriting, 'firstRows'>> {
    const rows = await this.#database.query(`${select} limit ${VERSION_LIMITS.sampleRows}`).catch(() => null);
    return rows === null ? {} : firstRowsIn(columns, rows);
  }

  readonly lookUp = async (named: NamedTable): Promise<KnownTable | null> => {
    const columns = await this.#columnsOf(named);
    if (columns === null) return null;
    const names = columns.map((column) => column.name);
    const frame = named.schema === null ? this.#frames.get(named.table.toLowerCase()) : undefined;
    if (frame !== undefined) return { columns: names, sourcesOf: (column) => frame?.[column] ?? null };
    if (isPath(named.table)) return tableOf(uriOfPath(named.table), names);
    return tableOf(this.#file === null ? named.name : (assetAt(this.#placeOf(named)) ?? named.name), names);
  };

  async #columnsOf({ schema, table }: Pick<NamedTable, 'schema' | 'table'>): Promise<readonly AssetColumn[] | null> {
    const name = isPath(table) ? literal(table) : named({ schema, table });
    return this.#database.describe(`select * from ${name}`).catch(() => null);
  }

  #placeOf({ schema, table }: Pick<NamedTable, 'schema' | 'table'>): Place {
    const full = `${schema ?? DEFAULT_SCHEMA}/${table}`;
    const byConnection = this.#connectionId === undefined ? [] : [`duckdb://${this.#connectionId}/${full}`];
    return {
      uri: `duckdb://${this.#file ?? ''}/${full}`,
      alsoKnownAs: [...byConnection, `${schema ?? DEFAULT_SCHEMA}.${table}`, table],
    };
  }
}

function named({ schema, table }: Pick<NamedTable, 'schema' | 'table'>): string {
  return [...(schema === null ? [] : [schema]), table].map(quote).join('.');
}

/** DuckDB takes a name that is no table for a file. */
function isPath(table: string): boolean {
  return table.includes('/') || /\.(parquet|csv|tsv|json|jsonl|ndjson)(\.gz|\.zst)?$/i.test(table);
}

/** Of several files that a pattern names, the folder that they are all below. */
function uriOfPath(path: string): string {
  const wildcard = path.search(/[*?[]/);
  const place = wildcard < 0 ? path : dirname(`${path.slice(0, wildcard)}x`);
  return place.includes('://') ? place : uriOfFile(place);
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
