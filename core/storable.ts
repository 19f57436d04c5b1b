/** What Postgres can store of strangers' words: neither U+0000 nor half of a surrogate pair, and nothing without a bottom. */

/** Cuts the text and removes what cannot be stored. */
export function storable(text: string, maxChars: number): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return cut.replaceAll('\0', '').toWellFormed();
}

/** JSON.stringify escapes U+0000, and of surrogates only halves. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** Tells whether Postgres takes this text, which JSON.stringify made, as jsonb. */
export function isStorableJson(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** Whoever walks or writes JSON goes down a level at a time, and the stack of the process ends somewhere. */
export const NESTING_MAX = 200;

/** What cannot be stored of a parsed JSON value, in words; null = all can. Walks without recursion. */
export function unstorablePart(value: unknown): string | null {
  const todo: [unknown, number][] = [[value, 0]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [part, level] = next;
    if (typeof part === 'number' && !Number.isFinite(part)) return 'A number is larger than any number can be';
    const isObject = typeof part === 'object' && part !== null;
    const texts = typeof part === 'string' ? [part] : isObject ? Object.keys(part) : [];
    if (texts.some((text) => text.includes('\0') || !text.isWellFormed())) return 'Text must not hold NUL characters or lone surrogates';
    if (isObject && level >= NESTING_MAX) return `Values must not be nested deeper than ${NESTING_MAX} levels`;
    if (isObject) for (const inner of Object.values(part)) todo.push([inner, level + 1]);
  }
  return null;
}
