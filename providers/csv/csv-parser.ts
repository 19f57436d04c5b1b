/**
 * CSV bytes in, Arrow record batches out. Chunks may end anywhere; memory is one batch plus one cut row.
 */
import type { RecordBatch } from 'apache-arrow';
import { CsvError } from './csv-error.ts';
import type { CsvOptions } from './csv-types.ts';
import { FrameBuilder } from './frame-builder.ts';
import { HeaderFields, planColumns } from './header.ts';
import { MisplacedQuote, RecordScanner } from './record-scanner.ts';

const LF = 10;
const CR = 13;
const BOM = [0xef, 0xbb, 0xbf] as const;
const DEFAULT_BATCH_ROWS = 65_536;
const DEFAULT_MAX_ROW_BYTES = 16 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

export class CsvParser {
  readonly #options: CsvOptions;
  readonly #name: string;
  readonly #maxRowBytes: number;
  readonly #scanner: RecordScanner;
  #builder: FrameBuilder | null = null;
  #isBomChecked = false;
  /** Bytes not yet parsed: the cut row, then chunks not yet joined to it. */
  #rest: Uint8Array = NOTHING;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(options: CsvOptions) {
    this.#options = options;
    this.#name = options.name ?? 'csv';
    this.#maxRowBytes = options.maxRowBytes ?? DEFAULT_MAX_ROW_BYTES;
    this.#scanner = new RecordScanner(delimiterByte(options.delimiter ?? ','));
  }

  /** Data rows read so far. */
  get rowCount(): number {
    return this.#builder?.rowCount ?? 0;
  }

  /** Parses what can be parsed; yields the batches that became full. */
  *push(chunk: Uint8Array): Generator<RecordBatch> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    // A long row in small chunks is tried again only when it has doubled: joining stays linear.
    if (this.#waitingBytes < this.#rest.byteLength && this.#rest.byteLength <= this.#maxRowBytes) return;
    yield* this.#parse(false);
  }

  /** The source has ended: yields the last batch, possibly empty, so that there always is a schema. */
  *end(): Generator<RecordBatch> {
    yield* this.#parse(true);
    if (this.#builder === null) throw new CsvError(this.#name, { row: 0, line: 1 }, 'the file is empty: it has not even a header.');
    yield this.#builder.takeBatch();
  }

  *#parse(isLast: boolean): Generator<RecordBatch> {
    const bytes = this.#joined();
    const end = bytes.byteLength;
    let at = this.#isBomChecked ? 0 : this.#skipBom(bytes, isLast);
    if (at < 0) {
      this.#rest = bytes;
      return;
    }
    while (at < end) {
      const next = this.#builder === null ? this.#readHeader(bytes, at, end, isLast) : this.#readRow(this.#builder, bytes, at, end, isLast);
      if (next < 0) break;
      at = next;
      if (this.#builder?.isFull) yield this.#builder.takeBatch();
    }
    if (end - at > this.#maxRowBytes || (isLast && at < end)) throw this.#unclosedQuote(end - at);
    this.#rest = at === 0 ? bytes : bytes.slice(at);
  }

  #joined(): Uint8Array {
    const parts = this.#rest.byteLength === 0 ? this.#waiting : [this.#rest, ...this.#waiting];
    this.#waiting = [];
    this.#waitingBytes = 0;
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  /** Where the text begins, or -1 if that cannot be told yet. */
  #skipBom(bytes: Uint8Array, isLast: boolean): number {
    if (bytes.byteLength < BOM.length && !isLast) return -1;
    this.#isBomChecked = true;
    if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
      throw new CsvError(this.#name, { row: 0, line: 1 }, 'the file is UTF-16. Save it as UTF-8 and read it again.');
    }
    return BOM.every((byte, i) => bytes[i] === byte) ? BOM.length : 0;
  }

  #readHeader(bytes: Uint8Array, at: number, end: number, isLast: boolean): number {
    const names = new HeaderFields();
    const next = this.#scan(bytes, at, end, isLast, names);
    if (next < 0) return -1;
    this.#builder = new FrameBuilder(
      {
        columns: planColumns(names.names, this.#options, this.#name),
        nulls: this.#options.nulls ?? [],
        batchRows: this.#options.batchRows ?? DEFAULT_BATCH_ROWS,
        name: this.#name,
      },
      2 + this.#scanner.innerLines,
    );
    return next;
  }

  #readRow(builder: FrameBuilder, bytes: Uint8Array, at: number, end: number, isLast: boolean): number {
    if (builder.columnCount > 1) {
      const blank = blankLineLength(bytes, at, end, isLast);
      if (blank > 0) {
        builder.skipLine();
        return at + blank;
      }
    }
    const next = this.#scan(bytes, at, end, isLast, builder);
    if (next >= 0) builder.commitRow(this.#scanner.fieldCount, this.#scanner.innerLines);
    return next;
  }

  #scan(bytes: Uint8Array, at: number, end: number, isLast: boolean, sink: FrameBuilder | HeaderFields): number {
    try {
      return this.#scanner.scan(bytes, at, end, isLast, sink);
    } catch (error) {
      if (!(error instanceof MisplacedQuote)) throw error;
      throw this.#errorHere('text follows the closing quote. Double a quote that belongs to the text ("").', error.fieldIndex);
    }
  }

  #unclosedQuote(bytes: number): CsvError {
    return this.#errorHere(
      `the row does not end within ${bytes} bytes (maxRowBytes is ${this.#maxRowBytes}). A quote is probably opened and never closed.`,
    );
  }

  #errorHere(what: string, fieldIndex?: number): CsvError {
    return this.#builder?.errorHere(what, fieldIndex) ?? new CsvError(this.#name, { row: 0, line: 1 }, what);
  }
}

/** Bytes of a blank line at `at`, or 0. */
function blankLineLength(bytes: Uint8Array, at: number, end: number, isLast: boolean): number {
  if (bytes[at] === LF) return 1;
  if (bytes[at] !== CR) return 0;
  if (bytes[at + 1] === LF && at + 1 < end) return 2;
  return isLast && at + 1 === end ? 1 : 0;
}

function delimiterByte(delimiter: string): number {
  const byte = delimiter.charCodeAt(0);
  if (delimiter.length !== 1 || byte > 127 || '"\r\n'.includes(delimiter)) {
    throw new RangeError(`delimiter must be one ASCII character other than a quote or a line break, not ${JSON.stringify(delimiter)}.`);
  }
  return byte;
}
