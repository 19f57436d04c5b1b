/**
 * Choosing and naming columns. The values are shared, never copied.
 */
import { Field, makeData, RecordBatch, Schema, Struct, type Table, type TypeMap } from 'apache-arrow';
import { closest } from '#core/did-you-mean.ts';
import { type BatchStream, type Frame, mapBatches } from './frame.ts';

/** Position of a column. Throws, naming the nearest one, if it is not there. */
export function columnIndex(schema: Schema, name: string): number {
  const index = schema.fields.findIndex((field) => field.name === name);
  if (index >= 0) return index;
  const names = schema.fields.map((field) => field.name);
  const near = closest(name, names);
  throw new RangeError(
    `there is no column "${name}".${near === null ? '' : ` Did you mean "${near}"?`} The frame has: ${names.join(', ')}.`,
  );
}

/** New names by old name, or a function of the old name. */
export type Renaming = Readonly<Record<string, string>> | ((name: string) => string);

/** Renames columns; those that `renaming` does not name stay as they are. Throws if two would bear one name. */
export function renameColumns(frame: Table, renaming: Renaming): Table;
export function renameColumns(frame: BatchStream, renaming: Renaming): AsyncGenerator<RecordBatch>;
export function renameColumns(frame: Frame, renaming: Renaming): Table | AsyncGenerator<RecordBatch> {
  return mapBatches(frame, (batch) => renameBatch(batch, renaming));
}

function renameBatch(batch: RecordBatch, renaming: Renaming): RecordBatch {
  if (typeof renaming !== 'function') for (const name of Object.keys(renaming)) columnIndex(batch.schema, name);
  const newName =
    typeof renaming === 'function' ? renaming : (name: string) => (Object.hasOwn(renaming, name) ? (renaming[name] as string) : name);
  const fields = batch.schema.fields.map((field) => new Field(newName(field.name), field.type, field.nullable, field.metadata));
  const taken = new Map<string, string>();
  for (const [index, field] of fields.entries()) {
    const old = batch.schema.fields[index]?.name ?? '';
    const other = taken.get(field.name);
    if (other !== undefined)
      throw new RangeError(`columns "${other}" and "${old}" would both be called "${field.name}". Rename one of them first.`);
    taken.set(field.name, old);
  }
  return withFields(batch, fields, batch.data.children);
}

/** Keeps the named columns, in the order given. */
export function selectColumns(frame: Table, names: readonly string[]): Table;
export function selectColumns(frame: BatchStream, names: readonly string[]): AsyncGenerator<RecordBatch>;
export function selectColumns(frame: Frame, names: readonly string[]): Table | AsyncGenerator<RecordBatch> {
  return mapBatches(frame, (batch) => selectBatch(batch, names));
}

/** The same for one record batch. */
export function selectBatch(batch: RecordBatch, names: readonly string[]): RecordBatch {
  const indexes = names.map((name) => columnIndex(batch.schema, name));
  return withFields(
    batch,
    indexes.map((index) => batch.schema.fields[index]!),
    indexes.map((index) => batch.data.children[index]!),
  );
}

function withFields(batch: RecordBatch, fields: Field[], children: typeof batch.data.children): RecordBatch<TypeMap> {
  const schema = new Schema(fields, batch.schema.metadata);
  return new RecordBatch(schema, makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children }));
}

/**
 * A name as SQL people write it: `VendorID` -> `vendor_id`, `PULocationID` -> `pu_location_id`, `Fare (USD)` -> `fare_usd`.
 * Names that are snake_case already stay as they are.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
}
