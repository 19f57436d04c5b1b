/**
 * Terminal colours as data. Text in, pieces out: nothing of it is ever read as HTML. Only SGR sequences
 * (colours, bold, dim, italic, underline) mean something here; every other escape sequence is dropped.
 */
export interface AnsiPiece {
  readonly text: string;
  /** Space-separated class names, '' for plain text. */
  readonly className: string;
  /** A CSS colour for 256-colour and true-colour text, else null. */
  readonly color: string | null;
}

interface Style {
  foreground: number | null;
  color: string | null;
  isBold: boolean;
  isDim: boolean;
  isItalic: boolean;
  isUnderlined: boolean;
}

const ESCAPE = String.fromCharCode(27);
/** CSI sequences, OSC sequences (hyperlinks, titles) and two-character escapes. */
const SEQUENCE = new RegExp(
  `${ESCAPE}(?:\\[([0-9;:?]*)([@-~])|\\][^${String.fromCharCode(7)}${ESCAPE}]*(?:${String.fromCharCode(7)}|${ESCAPE}\\\\)|[@-Z\\\\-_])`,
  'g',
);

function plain(): Style {
  return { foreground: null, color: null, isBold: false, isDim: false, isItalic: false, isUnderlined: false };
}

/** True when the text holds an escape character at all; most lines do not. */
export function hasAnsi(text: string): boolean {
  return text.includes(ESCAPE);
}

/** The text as it reads, without sequences. */
export function stripAnsi(text: string): string {
  return hasAnsi(text) ? text.replace(SEQUENCE, '') : text;
}

/** Splits a text into styled pieces. */
export function ansiPieces(text: string): readonly AnsiPiece[] {
  if (!hasAnsi(text)) return [{ text, className: '', color: null }];
  const pieces: AnsiPiece[] = [];
  const style = plain();
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    push(pieces, text.slice(from, match.index), style);
    if (match[2] === 'm') apply(style, match[1] ?? '');
    from = match.index + match[0].length;
  }
  push(pieces, text.slice(from), style);
  return pieces;
}

function push(pieces: AnsiPiece[], text: string, style: Style): void {
  if (text === '') return;
  const names = [
    style.foreground === null ? '' : `ansi-${style.foreground}`,
    style.isBold ? 'font-semibold' : '',
    style.isDim ? 'opacity-60' : '',
    style.isItalic ? 'italic' : '',
    style.isUnderlined ? 'underline' : '',
  ];
  pieces.push({ text, className: names.filter((name) => name !== '').join(' '), color: style.color });
}

/** Simple codes as a table of what they set; colours below need their arguments. */
const CODES: Readonly<Record<number, Partial<Style>>> = {
  0: plain(),
  1: { isBold: true },
  2: { isDim: true },
  3: { isItalic: true },
  4: { isUnderlined: true },
  22: { isBold: false, isDim: false },
  23: { isItalic: false },
  24: { isUnderlined: false },
  39: { foreground: null, color: null },
};

function apply(style: Style, args: string): void {
  const codes = args.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code >= 30 && code <= 37) Object.assign(style, { foreground: code - 30, color: null });
    else if (code >= 90 && code <= 97) Object.assign(style, { foreground: code - 90 + 8, color: null });
    else if (code === 38 || code === 48) {
      const isForeground = code === 38;
      const length = codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0;
      if (isForeground) extended(style, codes.slice(at + 1, at + 1 + length));
      at += length;
    } else Object.assign(style, CODES[code]);
  }
}

/** 5;n is one of 256 colours, 2;r;g;b is any. */
function extended(style: Style, args: readonly number[]): void {
  const [kind, a = 0, b = 0, c = 0] = args;
  if (kind === 2) Object.assign(style, { foreground: null, color: `rgb(${a & 255} ${b & 255} ${c & 255})` });
  else if (kind === 5 && a < 16) Object.assign(style, { foreground: a, color: null });
  else if (kind === 5 && a >= 232)
    Object.assign(style, {
      foreground: null,
      color: `rgb(${Array(3)
        .fill((a - 232) * 10 + 8)
        .join(' ')})`,
    });
  else if (kind === 5) {
    const cube = [Math.floor((a - 16) / 36), Math.floor(((a - 16) % 36) / 6), (a - 16) % 6].map((level) =>
      level === 0 ? 0 : level * 40 + 55,
    );
    Object.assign(style, { foreground: null, color: `rgb(${cube.join(' ')})` });
  }
}
