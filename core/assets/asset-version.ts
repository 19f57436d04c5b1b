/** What one writing of an asset left behind: its columns, how much there is, and where each column comes from. Plain data. */
import { AppError } from '../errors.ts';

export interface AssetColumn {
  readonly name: string;
  /** As the writer calls it: "Int64", "Timestamp<MICROSECOND>", "numeric(10,2)". */
  readonly type: string;
  readonly nullable: boolean;
}

/** A column of another asset that a column was made of. */
export interface ColumnSource {
  /**
   * Name or URI of the asset, or the name of the table as the statement has it. `frame://<DAG>/<task>`: the frame that the task returned, of
   * which nothing more is known.
   */
  readonly asset: string;
  readonly column: string;
  /** Tasks whose frames it came through, in order. */
  readonly through?: readonly string[];
}

/** Whether a source is but a frame. */
export function isFrame(asset: string): boolean {
  return asset.startsWith(FRAME);
}
export const FRAME = 'frame://';

/** Column -> what it is made of: none, of no column at all, such as a constant. A column that is not here is one of which it is not known. */
export type ColumnLineage = Readonly<Record<string, readonly ColumnSource[]>>;

/** The first rows, for people to look at. */
export interface AssetSample {
  /** The first ones. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SampleCell[])[];
  /** Nulls of each of these columns in all that was written; null = not counted. */
  readonly nulls?: readonly (number | null)[];
}
export type SampleCell = string | number | boolean | null;

/** What is not known is absent. */
export interface VersionFacts {
  readonly columns?: readonly AssetColumn[];
  readonly rows?: number;
  readonly bytes?: number;
  /** Those that were written: "day=2026-03-10". */
  readonly partitions?: readonly string[];
  /** Not kept where the asset says so. */
  readonly sample?: AssetSample;
  readonly columnLineage?: ColumnLineage;
}

export const SCHEMA_POLICIES = ['allow', 'warn', 'fail'] as const;
/** What becomes of a writing whose columns no longer fit those before. */
export type SchemaPolicy = (typeof SCHEMA_POLICIES)[number];

/** Versions beyond all that is given here go. */
export interface VersionRetention {
  readonly versions?: number;
  readonly keptMs?: number;
}

export const VERSION_LIMITS = {
  columns: 2_000,
  partitions: 1_000,
  sources: 50,
  through: 50,
  textChars: 500,
  sampleRows: 50,
  /** Unless the asset says otherwise. */
  sampleRowsUnasked: 20,
  sampleColumns: 50,
  sampleBytes: 32 * 1024,
  cellChars: 200,
  factsBytes: 512 * 1024,
} as const;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= VERSION_LIMITS.textChars && !value.includes('\0') && value.isWellFormed();
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Takes what is right of what somebody says; leaves out the rest, and all of it when it is too large. Never throws. */
export function parseFacts(value: unknown): VersionFacts | null {
  if (!isFields(value)) return null;
  const columns = listOf(value['columns'], VERSION_LIMITS.columns, parseColumn);
  const partitions = listOf(value['partitions'], VERSION_LIMITS.partitions, (one) => (isText(one) ? one : null));
  const columnLineage = parseLineage(value['columnLineage']);
  const sample = parseSample(value['sample']);
  const facts: VersionFacts = {
    ...(columns !== null && { columns }),
    ...(isCount(value['rows']) && { rows: value['rows'] }),
    ...(isCount(value['bytes']) && { bytes: value['bytes'] }),
    ...(partitions !== null && { partitions }),
    ...(columnLineage !== null && { columnLineage }),
    ...(sample !== null && { sample }),
  };
  if (Object.keys(facts).length === 0) return null;
  return JSON.stringify(facts).length > VERSION_LIMITS.factsBytes ? null : facts;
}

function listOf<T>(value: unknown, max: number, parse: (one: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  return (value as unknown[])
    .slice(0, max)
    .map(parse)
    .filter((one) => one !== null);
}

function parseColumn(value: unknown): AssetColumn | null {
  if (!isFields(value) || !isText(value['name']) || !isText(value['type'])) return null;
  return { name: value['name'], type: value['type'], nullable: value['nullable'] !== false };
}

export function parseLineage(value: unknown): ColumnLineage | null {
  if (!isFields(value)) return null;
  const entries = Object.entries(value)
    .slice(0, VERSION_LIMITS.columns)
    .flatMap(([column, sources]) => {
      const isNone = Array.isArray(sources) && sources.length === 0;
      const parsed = isNone ? [] : (listOf(sources, VERSION_LIMITS.sources, parseSource) ?? []);
      return isText(column) && (isNone || parsed.length > 0) ? [[column, parsed] as const] : [];
    });
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

function parseSource(value: unknown): ColumnSource | null {
  if (!isFields(value) || !isText(value['asset']) || !isText(value['column'])) return null;
  const through = listOf(value['through'], VERSION_LIMITS.through, (one) => (isText(one) ? one : null));
  return { asset: value['asset'], column: value['column'], ...(through !== null && { through }) };
}

function parseSample(value: unknown): AssetSample | null {
  if (!isFields(value)) return null;
  const columns = listOf(value['columns'], VERSION_LIMITS.sampleColumns, (one) => (isText(one) ? one : null));
  const rows = listOf(value['rows'], VERSION_LIMITS.sampleRows, (row) =>
    Array.isArray(row) ? row.slice(0, columns?.length ?? 0).map(parseCell) : null,
  );
  // A name that does not pass would put the others over wrong cells.
  if (columns === null || rows === null || columns.length < Math.min((value['columns'] as unknown[]).length, VERSION_LIMITS.sampleColumns))
    return null;
  const nulls = (Array.isArray(value['nulls']) ? (value['nulls'] as unknown[]) : []).map((one) => (isCount(one) ? one : null));
  const sample = {
    columns,
    rows,
    ...(nulls.some((one) => one !== null) && { nulls: columns.map((_name, index) => nulls[index] ?? null) }),
  };
  return { ...sample, rows: thatFit(rows, VERSION_LIMITS.sampleBytes - bytesOf({ ...sample, rows: [] })) };
}

// Made when it is needed: where DAG files are read there is none.
const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** The first rows that need no more than so many bytes together. */
function thatFit(rows: AssetSample['rows'], bytes: number): AssetSample['rows'] {
  let left = bytes;
  const count = rows.findIndex((row) => {
    left -= bytesOf(row) + 1;
    return left < 0;
  });
  return count < 0 ? rows : rows.slice(0, count);
}

/** What Postgres cannot hold is replaced. */
function parseCell(value: unknown): SampleCell {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > VERSION_LIMITS.cellChars ? `${text.slice(0, VERSION_LIMITS.cellChars)}…` : text;
  return short.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Of two sayings about one writing the later one counts, part by part. */
export function mergeFacts(earlier: VersionFacts | null, later: VersionFacts | null): VersionFacts | null {
  if (earlier === null || later === null) return later ?? earlier;
  return { ...earlier, ...later };
}

/** Several files or tables are one asset: their rows and bytes add up; the columns are those of the last. */
export function addFacts(before: VersionFacts, next: VersionFacts): VersionFacts {
  const sum = (a: number | undefined, b: number | undefined) => (a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0));
  const rows = sum(before.rows, next.rows);
  const bytes = sum(before.bytes, next.bytes);
  const partitions = [...new Set([...(before.partitions ?? []), ...(next.partitions ?? [])])].slice(0, VERSION_LIMITS.partitions);
  const { columnLineage: _of, sample: firstRows, ...last } = { ...before, ...next };
  // The nulls of a part are not those of all.
  const { nulls: _nulls, ...sample } = firstRows ?? { columns: [], rows: [] };
  const columnLineage = addLineage(before.columnLineage, next.columnLineage);
  return {
    ...last,
    ...(columnLineage !== null && { columnLineage }),
    ...(firstRows !== undefined && { sample }),
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
    ...(partitions.length > 0 && { partitions }),
  };
}

/** A column is made of all that it is made of anywhere; when that is not known of one part, it is not known. */
export function addLineage(before: ColumnLineage | undefined, next: ColumnLineage | undefined): ColumnLineage | null {
  if (before === undefined || next === undefined) return null;
  const both = Object.entries(before).flatMap(([column, sources]) => {
    const others = Object.hasOwn(next, column) ? next[column] : undefined;
    return others === undefined ? [] : [[column, uniqueSources([...sources, ...others])] as const];
  });
  return both.length === 0 ? null : Object.fromEntries(both);
}

export function uniqueSources(sources: readonly ColumnSource[]): readonly ColumnSource[] {
  return [...new Map(sources.map((one) => [JSON.stringify([one.asset, one.column, one.through]), one])).values()];
}

/** The option of an asset, read. Throws DAG_INVALID. */
export function readSchemaPolicy(where: string, value: unknown): SchemaPolicy | null {
  if (value === undefined || value === null) return null;
  if (SCHEMA_POLICIES.includes(value as SchemaPolicy)) return value as SchemaPolicy;
  throw new AppError(
    'DAG_INVALID',
    `Option "schemaChange" of ${where} must be ${SCHEMA_POLICIES.join(', ')}, not ${JSON.stringify(value)}.`,
  );
}
