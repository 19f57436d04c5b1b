/** Tokens of an expression. */
import { placeAt, RAW_HINT, TemplateError } from './template-error.ts';

export interface Token {
  readonly type: 'name' | 'number' | 'string' | 'operator' | 'end';
  /** A string's content, a number's text without underscores. */
  readonly text: string;
  readonly at: number;
}

export interface TokensRead {
  /** The last one is of type `end`. */
  readonly tokens: readonly Token[];
  /** Offset behind the closing mark. */
  readonly end: number;
  /** The closing mark swallows the white space that follows. */
  readonly trims: boolean;
}

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const STRING = /'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"/y;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+*/%~<>|.,:()[\]{}=]/y;
const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Reads from `from` up to `closing` ("}}" or "%}"); `opened` is where the mark stood. */
export function readTokens(source: string, from: number, closing: '}}' | '%}', opened: number): TokensRead {
  const tokens: Token[] = [];
  const open: string[] = [];
  let offset = from;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    const found = pattern.exec(source);
    if (found !== null) offset = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(SPACE);
    const at = offset;
    if (at >= source.length) throw unclosed(source, opened);
    if (open.length === 0) {
      const trims = source[at] === '-' && source.startsWith(closing, at + 1);
      const marks = trims || (closing === '%}' && source.startsWith('+%}', at)) ? 1 : 0;
      if (source.startsWith(closing, at + marks)) {
        tokens.push({ type: 'end', text: closing, at });
        return { tokens, end: at + marks + 2, trims };
      }
    }
    let found = match(NAME);
    if (found !== null) {
      tokens.push({ type: 'name', text: found[0], at });
      continue;
    }
    found = match(NUMBER);
    if (found !== null) {
      tokens.push({ type: 'number', text: found[0].replaceAll('_', ''), at });
      continue;
    }
    found = match(STRING);
    if (found !== null) {
      tokens.push({ type: 'string', text: readEscapes(found[1] ?? found[2] ?? ''), at });
      continue;
    }
    found = match(OPERATOR);
    if (found === null) throw unexpected(source, at, opened);
    const text = found[0];
    if (CLOSES[text] !== undefined) open.push(CLOSES[text]);
    else if (')]}'.includes(text) && open.pop() !== text)
      throw new TemplateError(`"${text}" closes nothing that is open here.`).locate(source, at);
    tokens.push({ type: 'operator', text, at });
  }
}

function unclosed(source: string, opened: number): TemplateError {
  const mark = source.slice(opened, opened + 2);
  return new TemplateError(`${mark} has no end ${mark === '{{' ? '}}' : '%}'}. ${RAW_HINT}`).locate(source, opened);
}

function unexpected(source: string, at: number, opened: number): TemplateError {
  const char = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (char === "'" || char === '"') return new TemplateError(`The text that begins with ${char} has no end.`).locate(source, at);
  const begun = placeAt(source, opened);
  return new TemplateError(
    `${JSON.stringify(char)} is not part of any expression (it began at line ${begun.line}, column ${begun.column}). ${RAW_HINT}`,
  ).locate(source, at);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0', '\n': '' };

/** As Python: an unknown escape stays as it is written. */
function readEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\s\S]))/g, (whole, two: string, four: string, one: string) => {
    const code = two ?? four;
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return one === '\\' || one === "'" || one === '"' ? one : (ESCAPES[one] ?? whole);
  });
}
