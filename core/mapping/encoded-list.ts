/**
 * Lists inside of stored results (JSON as `sdk/runtime/value-codec.ts` writes it): lists, sets, and objects and maps, of
 * which each entry is an element {key, value}. The SQL functions list_length and list_element (migrations/0004) say the same.
 */

const TAG = '$windlass';

/** The part of a stored value that a path leads to; undefined = there is none. */
export function partAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, key) ? (part as Record<string, unknown>)[key] : undefined,
    value,
  );
}

/** How many elements a stored list has; null = it is no list. */
export function lengthOfStored(list: unknown): number | null {
  if (Array.isArray(list)) return list.length;
  if (typeof list !== 'object' || list === null) return null;
  if (!Object.hasOwn(list, TAG)) return Object.keys(list).length;
  const { [TAG]: tag, value } = list as { [TAG]: unknown; value: unknown };
  return (tag === 'set' || tag === 'map' || tag === 'entries') && Array.isArray(value) ? value.length : null;
}

/** One element, stored as it was; undefined = there is none. Entries of an object come in the order of their keys. */
export function elementOfStored(list: unknown, index: number): unknown {
  if (Array.isArray(list)) return list[index];
  if (typeof list !== 'object' || list === null) return undefined;
  const tagged = list as { [TAG]?: unknown; value?: unknown };
  if (!Object.hasOwn(list, TAG)) {
    const key = sortedKeys(list)[index];
    return key === undefined ? undefined : { key, value: (list as Record<string, unknown>)[key] };
  }
  const element = Array.isArray(tagged.value) ? (tagged.value as unknown[])[index] : undefined;
  if (tagged[TAG] === 'set' || element === undefined) return element;
  const [key, value] = element as [unknown, unknown];
  return { key, value };
}

/** "a list of 3", "null", "a number": for messages. */
export function describeStored(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  const tag = typeof value === 'object' ? (value as Record<string, unknown>)[TAG] : undefined;
  return typeof tag === 'string' ? tag : typeof value;
}

/** By code point, as Postgres sorts with the collation "C"; jsonb keeps no other order. */
export function sortedKeys(value: object): readonly string[] {
  return Object.keys(value).sort((a, b) => {
    const [left, right] = [[...a], [...b]];
    for (let at = 0; at < Math.min(left.length, right.length); at++) {
      const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
      if (difference !== 0) return difference;
    }
    return left.length - right.length;
  });
}
