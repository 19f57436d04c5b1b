/**
 * A frame is an Arrow table, or a stream of record batches for what does not fit in memory. Every operation takes
 * both and returns the same kind.
 */
import { makeData, RecordBatch, type Schema, Struct, Table, type TypeMap } from 'apache-arrow';

// biome-ignore lint/suspicious/noExplicitAny: as in Arrow itself, "columns of any types"; its types are invariant, so TypeMap would take none
export type AnyColumns = any;

/** Record batches of one schema. A stream has at least one batch, if need be an empty one, so that its schema is known. */
export type BatchStream<T extends TypeMap = AnyColumns> = AsyncIterable<RecordBatch<T>> | Iterable<RecordBatch<T>>;

/** A table in memory or a stream of batches. */
export type Frame<T extends TypeMap = AnyColumns> = Table<T> | BatchStream<T>;

/** The batches of a frame, in order. A table's empty ones are left out unless it has no other. */
export async function* batchesOf<T extends TypeMap>(frame: Frame<T>): AsyncGenerator<RecordBatch<T>> {
  if (!(frame instanceof Table)) {
    for await (const batch of frame) {
      if (!(batch instanceof RecordBatch)) throw foreign(frame);
      yield batch;
    }
    return;
  }
  if (frame.batches.length === 0) yield emptyBatch(frame.schema as Schema<T>);
  else yield* frame.batches;
}

function foreign(frame: object): TypeError {
  return new TypeError(
    `${frame.constructor?.name === 'Table' ? 'This table was' : 'These batches were'} not made by the apache-arrow of Windlass: a table of another copy of that package cannot be read. ` +
      "Remove your own (npm uninstall apache-arrow); `import … from 'apache-arrow'` is then the one of Windlass.",
  );
}

/** A batch that has columns and no row. */
export function emptyBatch<T extends TypeMap>(schema: Schema<T>): RecordBatch<T> {
  const children = schema.fields.map((field) => makeData({ type: field.type, length: 0, nullCount: 0 }));
  return new RecordBatch<T>(
    schema,
    makeData({ type: new Struct(schema.fields), length: 0, nullCount: 0, children }) as RecordBatch<T>['data'],
  );
}

/** Applies `change` to each batch of a frame: a table gives a table at once, a stream gives a stream. */
export function mapBatches<T extends TypeMap, U extends TypeMap>(
  frame: Table<T>,
  change: (batch: RecordBatch<T>) => RecordBatch<U>,
): Table<U>;
export function mapBatches<T extends TypeMap, U extends TypeMap>(
  frame: BatchStream<T>,
  change: (batch: RecordBatch<T>) => RecordBatch<U>,
): AsyncGenerator<RecordBatch<U>>;
export function mapBatches<T extends TypeMap, U extends TypeMap>(
  frame: Frame<T>,
  change: (batch: RecordBatch<T>) => RecordBatch<U>,
): Table<U> | AsyncGenerator<RecordBatch<U>>;
export function mapBatches<T extends TypeMap, U extends TypeMap>(frame: Frame<T>, change: (batch: RecordBatch<T>) => RecordBatch<U>) {
  if (frame instanceof Table) {
    const batches = frame.batches.length === 0 ? [emptyBatch(frame.schema as Schema<T>)] : frame.batches;
    return new Table(batches.map(change));
  }
  return mapStream(frame, change);
}

async function* mapStream<T extends TypeMap, U extends TypeMap>(frame: BatchStream<T>, change: (batch: RecordBatch<T>) => RecordBatch<U>) {
  for await (const batch of frame) yield change(batch);
}
