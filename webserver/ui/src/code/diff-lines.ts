/** The lines of two texts, side by side in one list: kept, taken out, put in. */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
  /** From 1; null where the line is not in that text. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Larger middles are shown as removed and added whole: finding their common lines would hold the page up. */
const CELLS_MAX = 4_000_000;

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = linesOf(before);
  const young = linesOf(after);
  let head = 0;
  while (head < old.length && head < young.length && old[head] === young[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < young.length - head && old.at(-1 - tail) === young.at(-1 - tail)) tail++;
  const kept = commonLines(old.slice(head, old.length - tail), young.slice(head, young.length - tail));
  const pairs = [
    ...Array.from({ length: head }, (_, index) => [index, index] as const),
    ...kept.map(([a, b]) => [a + head, b + head] as const),
    ...Array.from({ length: tail }, (_, index) => [old.length - tail + index, young.length - tail + index] as const),
  ];
  return linesBetween(old, young, pairs);
}

function linesBetween(
  old: readonly string[],
  young: readonly string[],
  pairs: readonly (readonly [number, number])[],
): readonly DiffLine[] {
  const result: DiffLine[] = [];
  let [a, b] = [0, 0];
  for (const [nextA, nextB] of [...pairs, [old.length, young.length] as const]) {
    for (; a < nextA; a++) result.push({ kind: 'removed', text: old[a] ?? '', before: a + 1, after: null });
    for (; b < nextB; b++) result.push({ kind: 'added', text: young[b] ?? '', before: null, after: b + 1 });
    if (a < old.length && b < young.length) result.push({ kind: 'same', text: old[a] ?? '', before: ++a, after: ++b });
  }
  return result;
}

/** A longest common subsequence, as pairs of positions. */
function commonLines(old: readonly string[], young: readonly string[]): readonly (readonly [number, number])[] {
  if (old.length * young.length > CELLS_MAX) return [];
  const width = young.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (a: number, b: number) => lengths[a * width + b] ?? 0;
  for (let a = old.length - 1; a >= 0; a--)
    for (let b = young.length - 1; b >= 0; b--)
      lengths[a * width + b] = old[a] === young[b] ? at(a + 1, b + 1) + 1 : Math.max(at(a + 1, b), at(a, b + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let a = 0, b = 0; a < old.length && b < young.length; )
    if (old[a] === young[b]) pairs.push([a++, b++]);
    else if (at(a + 1, b) >= at(a, b + 1)) a++;
    else b++;
  return pairs;
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}
