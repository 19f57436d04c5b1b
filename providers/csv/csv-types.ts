/**
 * The types a CSV column can be declared as, and the Arrow type each becomes.
 */
import { Bool, type DataType, DateDay, Float64, Int64, TimestampMicrosecond, Utf8 } from 'apache-arrow';

/** `timestamp` is naive (no zone) with microseconds; every type may hold nulls. */
export type CsvType = 'int64' | 'float64' | 'timestamp' | 'date' | 'bool' | 'text';

/** Column name -> declared type. */
export type CsvTypes = Readonly<Record<string, CsvType>>;

interface ArrowTypeOf {
  int64: Int64;
  float64: Float64;
  timestamp: TimestampMicrosecond;
  date: DateDay;
  bool: Bool;
  text: Utf8;
}

/** The Arrow columns that `types` reads into: `{ VendorID: 'int64' }` -> `{ VendorID: Int64 }`. */
export type CsvColumns<T extends CsvTypes> = { [K in keyof T]: ArrowTypeOf[T[K]] };

/** Makes the Arrow type of a declared type. */
export const ARROW_TYPE: Readonly<Record<CsvType, () => DataType>> = {
  int64: () => new Int64(),
  float64: () => new Float64(),
  timestamp: () => new TimestampMicrosecond(),
  date: () => new DateDay(),
  bool: () => new Bool(),
  text: () => new Utf8(),
};

export interface CsvOptions<T extends CsvTypes = CsvTypes> {
  /** Every column that is read, by the name in the header. The file's order counts, not this object's. */
  readonly types: T;
  /** Columns of the file that `types` does not name: an error, left out, or read as text. Default `fail`. */
  readonly undeclared?: 'fail' | 'skip' | 'text';
  /** Unquoted texts that mean null, besides the empty field: `['NA', '\\N']`. */
  readonly nulls?: readonly string[];
  /** One ASCII character; default `,`. */
  readonly delimiter?: string;
  /** Rows of one record batch, default 65,536: what bounds the memory of a stream. */
  readonly batchRows?: number;
  /** A single row may not be larger, default 16 MiB: what a forgotten closing quote runs into. */
  readonly maxRowBytes?: number;
  /** What messages call the source; default its path, or "csv". */
  readonly name?: string;
}
