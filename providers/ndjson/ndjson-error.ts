import { Fatal } from '#sdk/outcomes.ts';

/** A file that is not what it was declared to be. Fatal: reading it again will not help, so a task does not retry. */
export class NdjsonError extends Fatal {
  override name = 'NdjsonError';
  /** Physical line, 1 = the first: what an editor shows. */
  readonly line: number;
  readonly column: string | undefined;

  constructor(name: string, at: { readonly line: number; readonly column?: string }, what: string) {
    super(`${name}: line ${at.line}${at.column === undefined ? '' : `, column "${at.column}"`}: ${what}`);
    this.line = at.line;
    this.column = at.column;
  }
}

const SHOWN_CHARS = 80;

/** A value as it goes into a message. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
