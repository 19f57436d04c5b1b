/** Frames JSON messages on a stream, one a line. Pure: text in, values out. */

/** Held from the start: where strangers' code runs, it may replace what hangs on `JSON`. */
const { parse } = JSON;

export interface JsonLineHandlers {
  readonly onValue: (value: unknown) => void;
  /** A line that is no JSON; the stream goes on. */
  readonly onGarbage: () => void;
  /** A line longer than the limit; nothing more is read. */
  readonly onOverflow: () => void;
}

export class JsonLineReader {
  readonly #limitChars: number;
  readonly #handlers: JsonLineHandlers;
  #parts: string[] = [];
  #length = 0;
  #overflown = false;

  constructor(limitChars: number, handlers: JsonLineHandlers) {
    this.#limitChars = limitChars;
    this.#handlers = handlers;
  }

  /** Takes the next piece of decoded text; calls the handlers for each line that it completes. */
  push(chunk: string): void {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0 && !this.#overflown; end = chunk.indexOf('\n', start)) {
      this.#take(chunk.slice(start, end));
      if (!this.#overflown) this.#emit();
      start = end + 1;
    }
    if (start < chunk.length) this.#take(start === 0 ? chunk : chunk.slice(start));
  }

  #take(part: string): void {
    if (this.#overflown) return;
    this.#length += part.length;
    if (this.#length > this.#limitChars) {
      this.#overflown = true;
      this.#parts = [];
      this.#handlers.onOverflow();
      return;
    }
    this.#parts.push(part);
  }

  #emit(): void {
    const text = this.#parts.length === 1 ? (this.#parts[0] as string) : this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    if (text === '') return;
    let value: unknown;
    try {
      value = parse(text);
    } catch {
      this.#handlers.onGarbage();
      return;
    }
    this.#handlers.onValue(value);
  }
}
