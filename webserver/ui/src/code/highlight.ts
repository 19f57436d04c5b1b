/** A small TypeScript tokeniser for reading: line by line, good enough for colours, never wrong about the text. */

export type TokenKind = 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'function' | 'type';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const KEYWORDS = new Set(
  (
    'abstract any as async await boolean break case catch class const continue debugger declare default delete do else enum export extends false finally for from ' +
    'function get if implements import in infer instanceof interface is keyof let namespace never new null number object of private protected public readonly return ' +
    'satisfies set static string super switch symbol this throw true try type typeof undefined unknown using var void while yield'
  ).split(' '),
);

/** One alternative a kind, in the order they are tried. Template strings are taken whole, with their expressions. */
const TOKEN = new RegExp(
  [
    '(?<comment>\\/\\/[^\\n]*|\\/\\*[\\s\\S]*?(?:\\*\\/|$))',
    '(?<string>\'(?:\\\\.|[^\'\\\\\\n])*\'?|"(?:\\\\.|[^"\\\\\\n])*"?|`(?:\\\\[\\s\\S]|[^`\\\\])*`?)',
    '(?<number>\\b(?:0[xob][\\da-f_]+|\\d[\\d_]*(?:\\.[\\d_]+)?(?:e[+-]?\\d+)?)n?\\b)',
    '(?<word>[A-Za-z_$][\\w$]*)',
  ].join('|'),
  'gi',
);

function kindOfWord(word: string, after: string, before: string): TokenKind {
  if (KEYWORDS.has(word) && !before.endsWith('.')) return /^\s*:/.test(after) && !/^(default|case)$/.test(word) ? 'plain' : 'keyword';
  if (/^\s*(?:<[^>\n]*>)?\(/.test(after)) return 'function';
  return /^[A-Z][A-Za-z0-9]*[a-z]/.test(word) && !/^\s*:/.test(after) ? 'type' : 'plain';
}

/** The lines of a source, each as tokens. */
export function highlight(source: string): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]];
  const emit = (kind: TokenKind, text: string) => {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (part !== '') lines.at(-1)?.push({ kind, text: part });
    }
  };
  let from = 0;
  for (const match of source.matchAll(TOKEN)) {
    const { comment, string, number, word } = match.groups ?? {};
    emit('plain', source.slice(from, match.index));
    from = match.index + match[0].length;
    if (comment !== undefined) emit('comment', comment);
    else if (string !== undefined) emit('string', string);
    else if (number !== undefined) emit('number', number);
    else if (word !== undefined)
      emit(kindOfWord(word, source.slice(from, from + 80), source.slice(Math.max(0, match.index - 1), match.index)), word);
  }
  emit('plain', source.slice(from));
  return lines;
}
