/** What Postgres can store of strangers' words: neither U+0000 nor half of a surrogate pair. */

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
