/** What changed between the columns of two versions of an asset, and whether whoever read the older can read the newer. */
import type { AssetColumn } from './asset-version.ts';

export interface ColumnChange {
  readonly column: string;
  readonly kind: 'added' | 'removed' | 'type' | 'nullable';
  /** Type before; null for a column that is new. */
  readonly from: string | null;
  /** Type after; null for a column that is gone. */
  readonly to: string | null;
  /** Readers of the older version go on. */
  readonly isCompatible: boolean;
}

interface Width {
  readonly family: string;
  readonly bits: number;
}

/** Names that Arrow, Postgres, BigQuery, DuckDB and MySQL have for what can be widened. */
const WIDTHS: readonly (readonly [RegExp, (bits: string | undefined) => Width])[] = [
  [/^int(8|16|32|64)$/, (bits) => ({ family: 'int', bits: Number(bits) })],
  [/^uint(8|16|32|64)$/, (bits) => ({ family: 'uint', bits: Number(bits) })],
  [/^float(16|32|64)$/, (bits) => ({ family: 'float', bits: Number(bits) })],
  [/^(?:tinyint)$/, () => ({ family: 'int', bits: 8 })],
  [/^(?:smallint|int2)$/, () => ({ family: 'int', bits: 16 })],
  [/^(?:integer|int|int4)$/, () => ({ family: 'int', bits: 32 })],
  [/^(?:bigint|hugeint)$/, () => ({ family: 'int', bits: 64 })],
  [/^(?:real|float4)$/, () => ({ family: 'float', bits: 32 })],
  [/^(?:double precision|double|float8)$/, () => ({ family: 'float', bits: 64 })],
  [/^(?:text|string|utf8|largeutf8|varchar|character varying)$/, () => ({ family: 'text', bits: Number.MAX_SAFE_INTEGER })],
  [/^(?:varchar|character varying)\((\d+)\)$/, (length) => ({ family: 'text', bits: Number(length) })],
  [/^date(?:32<day>)?$/, () => ({ family: 'date', bits: 1 })],
];

/** Whole numbers up to so many bits are exact in a float of so many. */
const EXACT_IN: Readonly<Record<number, number>> = { 32: 16, 64: 32 };

function widthOf(type: string): Width | null {
  const name = type.trim().toLowerCase();
  for (const [pattern, make] of WIDTHS) {
    const match = pattern.exec(name);
    if (match) return make(match[1]);
  }
  return null;
}

/** Every value of `from` is one of `to`, and none is lost. */
export function isWidened(from: string, to: string): boolean {
  if (from.trim().toLowerCase() === to.trim().toLowerCase()) return true;
  const [before, after] = [widthOf(from), widthOf(to)];
  if (before === null) return false;
  if (after === null) return before.family === 'date' && /^timestamp/i.test(to);
  if (before.family === after.family) return before.bits <= after.bits;
  if (before.family === 'uint' && after.family === 'int') return before.bits < after.bits;
  return (before.family === 'int' || before.family === 'uint') && after.family === 'float' && before.bits <= (EXACT_IN[after.bits] ?? 0);
}

/** In the order of the newer columns, then those that are gone. The order of columns itself is no change. */
export function diffColumns(before: readonly AssetColumn[], after: readonly AssetColumn[]): readonly ColumnChange[] {
  const known = new Map(before.map((column) => [column.name, column]));
  const changes: ColumnChange[] = [];
  for (const column of after) {
    const old = known.get(column.name);
    known.delete(column.name);
    if (old === undefined) changes.push({ column: column.name, kind: 'added', from: null, to: column.type, isCompatible: column.nullable });
    else if (old.type !== column.type)
      changes.push({ column: column.name, kind: 'type', from: old.type, to: column.type, isCompatible: isWidened(old.type, column.type) });
    else if (old.nullable !== column.nullable)
      // Not every writer knows which columns are never null: this alone breaks nothing that is stored.
      changes.push({
        column: column.name,
        kind: 'nullable',
        from: old.nullable ? 'nullable' : 'not null',
        to: column.nullable ? 'nullable' : 'not null',
        isCompatible: true,
      });
  }
  for (const column of known.values())
    changes.push({ column: column.name, kind: 'removed', from: column.type, to: null, isCompatible: false });
  return changes;
}

/** One change in words: `column "fare" was Float64 and is Utf8`. */
export function wordsOfChange({ column, kind, from, to }: ColumnChange): string {
  const name = `column "${column}"`;
  switch (kind) {
    case 'added':
      return `${name} (${to}) is new`;
    case 'removed':
      return `${name} (${from}) is gone`;
    case 'type':
    case 'nullable':
      return `${name} was ${from} and is ${to}`;
  }
}
