/**
 * Where the columns of batches come from, as far as it is known. It is kept beside the very values of a column: whatever hands these on
 * unchanged (choosing and naming columns, choosing rows) keeps it, and a column whose values somebody has made has none. Nothing is guessed.
 */
import type { Data, RecordBatch } from 'apache-arrow';
import { type ColumnLineage, type ColumnSource, uniqueSources } from '#core/assets/asset-version.ts';

const origins = new WeakMap<Data, readonly ColumnSource[]>();

/** Null = not known; none = it is made of no column. */
export type OriginOf = (column: string, index: number) => readonly ColumnSource[] | null;

/** A table that a statement reads. */
export interface KnownTable {
  /** In order; null = not known, so that any name may be one. */
  readonly columns: readonly string[] | null;
  readonly sourcesOf: (column: string) => readonly ColumnSource[] | null;
}

/** The batch itself. What was known before of its columns counts no more. */
export function withOrigin<B extends RecordBatch>(batch: B, originOf: OriginOf): B {
  for (const [index, field] of batch.schema.fields.entries()) {
    const sources = originOf(field.name, index);
    const data = batch.data.children[index];
    if (data === undefined) continue;
    if (sources === null) origins.delete(data);
    else origins.set(data, sources);
  }
  return batch;
}

/** Each column is that of a file, or of whatever the place is. */
export function readFrom<B extends RecordBatch>(batch: B, uri: string): B {
  return withOrigin(batch, (column) => [{ asset: uri, column }]);
}

/** `made` holds values of `from`, and no others. */
export function keepOrigin(from: Data, made: Data): Data {
  const sources = origins.get(from);
  if (sources !== undefined) origins.set(made, sources);
  return made;
}

/** What the batches of one frame say together. */
export class OriginWatch {
  readonly #nulls: Record<string, number> = {};
  readonly #known = new Map<string, readonly ColumnSource[]>();
  readonly #unknown = new Set<string>();

  add(batch: RecordBatch): void {
    for (const [index, { name }] of batch.schema.fields.entries()) {
      const data = batch.data.children[index] as Data;
      this.#nulls[name] = (this.#nulls[name] ?? 0) + data.nullCount;
      const sources = origins.get(data);
      if (sources === undefined) {
        // A batch without rows brings nothing that could come from elsewhere.
        if (batch.numRows > 0) this.#unknown.add(name);
        continue;
      }
      const before = this.#known.get(name);
      if (before !== sources) this.#known.set(name, before === undefined ? sources : uniqueSources([...before, ...sources]));
    }
  }

  /** Null when nothing is known of any column. */
  get lineage(): ColumnLineage | null {
    const known = [...this.#known].filter(([name]) => !this.#unknown.has(name));
    return known.length === 0 ? null : Object.fromEntries(known);
  }

  /** For what a writer reports. */
  facts(): { readonly columnLineage?: ColumnLineage; readonly nulls: Readonly<Record<string, number>> } {
    const { lineage } = this;
    return { nulls: { ...this.#nulls }, ...(lineage !== null && { columnLineage: lineage }) };
  }
}

/** Batches as they are, watched as they pass. */
export async function* watched<B extends RecordBatch>(batches: AsyncIterable<B>, watch: OriginWatch): AsyncGenerator<B> {
  for await (const batch of batches) {
    watch.add(batch);
    yield batch;
  }
}
