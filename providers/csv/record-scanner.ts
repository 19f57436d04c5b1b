/**
 * Splits bytes into records and fields (RFC 4180): quotes, doubled quotes, line breaks inside quotes, LF or CRLF.
 * It keeps no text: a field is a range of the given bytes, or of a scratch buffer where doubled quotes were undone.
 */
const QUOTE = 34;
const LF = 10;
const CR = 13;

/** Takes the fields of a record in order. */
export interface FieldSink {
  field(index: number, bytes: Uint8Array, start: number, end: number, isQuoted: boolean): void;
}

/** Text after a closing quote: `"a"b,`. Its caller knows the row and the column. */
export class MisplacedQuote extends Error {
  readonly fieldIndex: number;

  constructor(fieldIndex: number) {
    super('text after the closing quote');
    this.fieldIndex = fieldIndex;
  }
}

export class RecordScanner {
  readonly #delimiter: number;
  #scratch = new Uint8Array(256);
  /** Fields of the last whole record. */
  fieldCount = 0;
  /** Line breaks inside quotes in the last record. */
  innerLines = 0;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /**
   * Scans one record that begins at `start`; returns where the next one begins, or -1 if `bytes` end before it
   * does (the sink has then seen some of its fields and will see them again). `isLast`: nothing follows `end`.
   */
  scan(bytes: Uint8Array, start: number, end: number, isLast: boolean, sink: FieldSink): number {
    const delimiter = this.#delimiter;
    let at = start;
    this.innerLines = 0;
    for (let index = 0; ; index++) {
      if (at < end && bytes[at] === QUOTE) {
        at = this.#quoted(bytes, at, end, isLast, index, sink);
        if (at < 0) return -1;
      } else {
        const fieldStart = at;
        let byte = -1;
        while (at < end) {
          byte = bytes[at] as number;
          if (byte === delimiter || byte === LF) break;
          at++;
        }
        if (at === end && !isLast) return -1;
        const isRecordEnd = at === end || byte === LF;
        const fieldEnd = isRecordEnd && at > fieldStart && bytes[at - 1] === CR ? at - 1 : at;
        sink.field(index, bytes, fieldStart, fieldEnd, false);
      }
      if (at === end || bytes[at] === LF) {
        this.fieldCount = index + 1;
        return Math.min(at + 1, end);
      }
      at++;
    }
  }

  /** Scans a quoted field; returns where its delimiter, LF or the end is, or -1 if it is cut. */
  #quoted(bytes: Uint8Array, start: number, end: number, isLast: boolean, index: number, sink: FieldSink): number {
    let at = start + 1;
    let doubled = 0;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === LF) this.innerLines++;
      if (byte !== QUOTE) continue;
      if (at + 1 === end && !isLast) return -1;
      if (at + 1 === end || bytes[at + 1] !== QUOTE) break;
      doubled++;
      at++;
    }
    if (at >= end) return -1;
    const after = this.#afterQuote(bytes, at + 1, end, isLast, index);
    if (after < 0) return -1;
    if (doubled === 0) sink.field(index, bytes, start + 1, at, true);
    else sink.field(index, this.#scratch, 0, this.#unescape(bytes, start + 1, at, doubled), true);
    return after;
  }

  #afterQuote(bytes: Uint8Array, at: number, end: number, isLast: boolean, index: number): number {
    if (at === end) return isLast ? at : -1;
    if (bytes[at] === this.#delimiter || bytes[at] === LF) return at;
    if (bytes[at] === CR) {
      if (at + 1 === end) return isLast ? end : -1;
      if (bytes[at + 1] === LF) return at + 1;
    }
    throw new MisplacedQuote(index);
  }

  /** Copies a field to the scratch buffer with each doubled quote as one; returns its length. */
  #unescape(bytes: Uint8Array, start: number, end: number, doubled: number): number {
    const length = end - start - doubled;
    if (length > this.#scratch.length) this.#scratch = new Uint8Array(length * 2);
    let to = 0;
    for (let from = start; from < end; from++) {
      this.#scratch[to++] = bytes[from] as number;
      if (bytes[from] === QUOTE) from++;
    }
    return length;
  }
}
