/**
 * Where each line of a log stands, computed from its length and never measured: the font is fixed-width, so a
 * line of n characters in c columns takes ceil(n / c) rows. Jumps are exact at any length of log.
 */
import type { UiLogLine } from '../../../ui-api/types.ts';
import { stripAnsi } from './ansi.ts';
import { fieldsText, messageText } from './log-text.ts';

/** Characters that take two columns: CJK, Hangul, full-width forms, emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ud83c-\ud83e][\udc00-\udfff]/g;

function columnsOf(text: string): number {
  let wide = 0;
  // Plain ASCII is nearly every line; the scan for wide characters is for the rest.
  for (let at = 0; at < text.length; at++)
    if (text.charCodeAt(at) > 0x10ff) {
      wide = text.match(WIDE)?.length ?? 0;
      break;
    }
  return text.length + wide;
}

/** Rows one line takes. `columns` is null while long lines are not wrapped. */
export function rowsOf(line: UiLogLine, columns: number | null): number {
  const text = stripAnsi(messageText(line)) + fieldsText(line);
  if (columns === null && !text.includes('\n')) return 1;
  let rows = 0;
  for (const part of text.split('\n')) rows += columns === null ? 1 : Math.max(1, Math.ceil(columnsOf(part) / columns));
  return rows;
}

/** The rows before each of some lines; grows at the end without looking at what is there already. */
export class LineLayout {
  readonly columns: number | null;
  readonly #before: number[] = [0];

  constructor(columns: number | null) {
    this.columns = columns;
  }

  /** Number of lines placed so far. */
  get count(): number {
    return this.#before.length - 1;
  }

  /** Rows of all lines placed so far. */
  get totalRows(): number {
    return this.#before.at(-1) ?? 0;
  }

  append(line: UiLogLine): void {
    this.#before.push(this.totalRows + rowsOf(line, this.columns));
  }

  /** The first row of a line. */
  rowOf(index: number): number {
    return this.#before[Math.min(index, this.count)] ?? 0;
  }

  /** The line that holds a row. */
  lineAt(row: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#before[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return Math.min(low, Math.max(0, this.count - 1));
  }
}
