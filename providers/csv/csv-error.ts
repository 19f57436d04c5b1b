import { Fatal } from '#sdk/outcomes.ts';

/** Where in a CSV file something is wrong. */
export interface CsvPosition {
  /** Data row, 1 = the first after the header; 0 = the header. */
  readonly row: number;
  /** Physical line in the file, 1 = the first: what an editor shows. */
  readonly line: number;
  readonly column?: string;
  /** The offending text, shortened. */
  readonly text?: string;
}

/** A file that is not what it was declared to be. Fatal: reading it again will not help, so a task does not retry. */
export class CsvError extends Fatal {
  override name = 'CsvError';
  readonly row: number;
  readonly line: number;
  readonly column: string | undefined;
  readonly text: string | undefined;

  /** `what` says what is wrong and what to do; name and position are put before it. */
  constructor(name: string, at: CsvPosition, what: string) {
    const where = at.row === 0 ? `header (line ${at.line})` : `row ${at.row} (line ${at.line})`;
    const column = at.column === undefined ? '' : `, column "${at.column}"`;
    super(`${name}: ${where}${column}: ${what}`);
    this.row = at.row;
    this.line = at.line;
    this.column = at.column;
    this.text = at.text;
  }
}

const SHOWN_CHARS = 80;

/** The text of a cell as it goes into a message: at most 80 characters, line breaks visible. */
export function shownText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SHOWN_CHARS * 4)).toString('utf8');
  const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return short.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
