/**
 * Partitions of a dataset: folders named `column=value`, as Hive, Spark, pyarrow, DuckDB and BigQuery read them.
 */
import { type DataType, DateDay, Int64, type RecordBatch, DataType as Types, Utf8 } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import { type Cell, cellReader, isDateDay } from '../arrow/cell.ts';
import { columnIndex } from '../arrow/columns.ts';

/**
 * A column whose value names the folder and is left out of the files; or a folder named by what `value` makes of the
 * column `from`, which stays in the files: `{ name: 'pickup_date', from: 'pickup_at', value: dayOf }`.
 */
export type PartitionColumn =
  | string
  | { readonly name: string; readonly from: string; readonly value: (cell: Cell) => string | number | null };

export type PartitionType = 'text' | 'int64' | 'date';

/** What the missing value is called: the word of Hive, which every reader knows. */
export const NULL_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** Column -> value; null = missing. */
export type PartitionValues = Readonly<Record<string, string | null>>;

/** The day of a timestamp, in UTC, for `value`. */
export function dayOf(cell: Cell): string | null {
  if (cell === null) return null;
  if (!(cell instanceof Date)) throw new Fatal(`dayOf takes a date or a timestamp, not ${typeof cell}.`);
  return cell.toISOString().slice(0, 10);
}

export function nameOf(column: PartitionColumn): string {
  return typeof column === 'string' ? column : column.name;
}

/** Returns a function that tells the folder of each row, as `day=2021-01-31/city=Bonn`. */
export function folderReader(batch: RecordBatch, columns: readonly PartitionColumn[]): (row: number) => string {
  const parts = columns.map((column) => {
    const from = typeof column === 'string' ? column : column.from;
    const index = columnIndex(batch.schema, from);
    const { type } = batch.schema.fields[index]!;
    const read = cellReader(batch.data.children[index]!, from);
    const text = typeof column === 'string' ? (cell: Cell) => plainText(cell, type, from) : column.value;
    const prefix = `${encodePart(nameOf(column))}=`;
    // Few values, many rows: each is spelled once.
    const spelled = new Map<unknown, string>();
    return (row: number) => {
      const cell = read(row);
      const key = cell instanceof Date ? cell.getTime() : cell;
      let part = spelled.get(key);
      if (part === undefined) {
        const value = text(cell);
        part = prefix + (value === null ? NULL_VALUE : encodePart(String(value)));
        spelled.set(key, part);
      }
      return part;
    };
  });
  if (parts.length === 1) return parts[0]!;
  return (row) => parts.map((part) => part(row)).join('/');
}

function plainText(cell: Cell, type: DataType, name: string): string | null {
  if (cell === null) return null;
  if (isDateDay(type)) return (cell as Date).toISOString().slice(0, 10);
  if (Types.isUtf8(type) || Types.isInt(type) || Types.isBool(type)) return String(cell);
  throw new Fatal(
    `column "${name}" of type ${type} cannot name folders. Give a function: { name: 'day', from: '${name}', value: dayOf }, or partition by another.`,
  );
}

/** Hive's way: what a path or an object name could not hold is written as %XX. */
function encodePart(text: string): string {
  if (text === '') throw new Fatal('an empty text cannot name a folder. Replace it, or partition by another column.');
  return text.replace(/[\p{Cc}"#%'*/:=?\\{[\]^]/gu, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** `day=2021-01-31/city=Bonn` -> its values. Null when a part is no `column=value`. */
export function parseFolder(folder: string): PartitionValues | null {
  const values: Record<string, string | null> = {};
  for (const part of folder.split('/')) {
    const match = /^([^=]+)=(.*)$/.exec(part);
    if (match === null) return null;
    const [name, value] = [decodePart(match[1] as string), match[2] as string];
    values[name] = value === NULL_VALUE ? null : decodePart(value);
  }
  return values;
}

function decodePart(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export const PARTITION_ARROW_TYPE: Readonly<Record<PartitionType, () => DataType>> = {
  text: () => new Utf8(),
  int64: () => new Int64(),
  date: () => new DateDay(),
};
