/**
 * A list as the text of a Postgres array. The driver makes the same text, element by element and by two replacements each;
 * for statements that carry thousands of ids that is most of what they cost here.
 */

/** Needs no quotes in an array: ids, numbers, states. */
const PLAIN = /^[\w.:-]+$/;

export function arrayLiteral(values: readonly (string | number | boolean | null)[]): string {
  let text = '{';
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (index > 0) text += ',';
    if (value === null || value === undefined) text += 'NULL';
    else if (typeof value !== 'string') text += String(value);
    else text += PLAIN.test(value) && !isNull(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
  }
  return `${text}}`;
}

/** The word itself, in any case, is no text but nothing. */
function isNull(value: string): boolean {
  return value.length === 4 && value.toLowerCase() === 'null';
}
