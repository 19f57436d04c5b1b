/** Cuts raw output into lines. A line longer than the limit is cut, and only counted from there on. */

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface CutLine {
  /** Decoded as UTF-8; wrong bytes become U+FFFD. */
  readonly text: string;
  /** Bytes of the line that were dropped. */
  readonly droppedBytes: number;
}

export class LineCutter {
  readonly #limitBytes: number;
  readonly #onLine: (line: CutLine) => void;
  #parts: Buffer[] = [];
  #keptBytes = 0;
  #droppedBytes = 0;

  constructor(limitBytes: number, onLine: (line: CutLine) => void) {
    this.#limitBytes = limitBytes;
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#keep(bytes.subarray(start, end));
      this.#emit();
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** Gives out a last line that has no newline. */
  end(): void {
    if (this.#keptBytes > 0) this.#emit();
  }

  #keep(part: Buffer): void {
    const room = this.#limitBytes - this.#keptBytes;
    const kept = part.length <= room ? part : part.subarray(0, room);
    if (kept.length > 0) this.#parts.push(kept);
    this.#keptBytes += kept.length;
    this.#droppedBytes += part.length - kept.length;
  }

  #emit(): void {
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    const line = { text: bytes.toString('utf8', 0, end), droppedBytes: this.#droppedBytes };
    this.#parts = [];
    this.#keptBytes = 0;
    this.#droppedBytes = 0;
    this.#onLine(line);
  }
}
