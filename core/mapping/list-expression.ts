/**
 * Lists to map over, as expressions: zip, cross and concat of lists that lie somewhere. Nobody ever holds the list that
 * an expression stands for: the scheduler asks only how long it is, and an instance only for its own element.
 */
import type { ListExpression, ListSource } from '../dag-spec.ts';

/** The length of a leaf by its number; undefined = not known yet. */
export type LengthOfLeaf = (leaf: number) => number | undefined;

/** Which elements of which leaves make up one item. */
export type ItemPick =
  | { readonly kind: 'leaf'; readonly leaf: number; readonly index: number }
  /** zip, cross: one of each part. */
  | { readonly kind: 'parts'; readonly parts: readonly ItemPick[] }
  /** concat: of this part only. */
  | { readonly kind: 'one_of'; readonly part: number; readonly pick: ItemPick }
  /** zip: this part is too short. */
  | { readonly kind: 'fill' };

export interface LeafPick {
  readonly leaf: number;
  readonly index: number;
}

/** The lists an expression is made of, from left to right; their places are their numbers. */
export function leavesOf(list: ListExpression): readonly ListSource[] {
  return 'op' in list ? list.parts.flatMap(leavesOf) : [list];
}

/** Names under which the lengths of the leaves are kept (`task_map`). That of a plain list is the scope's own. */
export function listIdsOf(scope: { readonly scopeId: string; readonly over: ListExpression }): readonly string[] {
  const { scopeId, over } = scope;
  return 'op' in over ? leavesOf(over).map((_, leaf) => `${scopeId}#${leaf}`) : [scopeId];
}

/** How many items there are; undefined while a leaf's length is not known. May be Infinity. */
export function lengthOf(list: ListExpression, lengthOfLeaf: LengthOfLeaf): number | undefined {
  if (!('op' in list)) return list.from === 'literal' ? list.length : lengthOfLeaf(0);
  const lengths = partsOf(list.parts).map(({ part, firstLeaf }) => lengthOf(part, (leaf) => lengthOfLeaf(firstLeaf + leaf)));
  const known = lengths.filter((length) => length !== undefined);
  if (known.length < lengths.length) return undefined;
  switch (list.op) {
    case 'zip':
      return known.length === 0 ? 0 : list.fill === true ? Math.max(...known) : Math.min(...known);
    case 'cross':
      // Infinity * 0 is no number.
      return known.includes(0) || known.length === 0 ? 0 : known.reduce((product, length) => product * length, 1);
    case 'concat':
      return known.reduce((sum, length) => sum + length, 0);
  }
}

/** What item `index` (below the length) is made of. Throws RangeError when there is none. */
export function pickAt(list: ListExpression, index: number, lengthOfLeaf: LengthOfLeaf): ItemPick {
  return pick(list, index, lengthOfLeaf, 0);
}

/** The elements that have to be read for a pick. */
export function leafPicksOf(picked: ItemPick): readonly LeafPick[] {
  switch (picked.kind) {
    case 'leaf':
      return [picked];
    case 'parts':
      return picked.parts.flatMap(leafPicksOf);
    case 'one_of':
      return leafPicksOf(picked.pick);
    case 'fill':
      return [];
  }
}

interface Part {
  readonly part: ListExpression;
  readonly firstLeaf: number;
}

function partsOf(parts: readonly ListExpression[]): readonly Part[] {
  let firstLeaf = 0;
  return parts.map((part) => {
    const placed = { part, firstLeaf };
    firstLeaf += leavesOf(part).length;
    return placed;
  });
}

/** `firstLeaf`: number of the expression's first leaf in the whole. */
function pick(list: ListExpression, index: number, lengthOfLeaf: LengthOfLeaf, firstLeaf: number): ItemPick {
  if (!('op' in list)) return { kind: 'leaf', leaf: firstLeaf, index };
  const parts = partsOf(list.parts).map(({ part, firstLeaf: offset }) => {
    const first = firstLeaf + offset;
    const length = () => lengthOf(part, (leaf) => lengthOfLeaf(first + leaf)) ?? 0;
    return { length, at: (position: number) => pick(part, position, lengthOfLeaf, first) };
  });
  switch (list.op) {
    case 'zip':
      return {
        kind: 'parts',
        parts: parts.map((part) => (list.fill === true && index >= part.length() ? { kind: 'fill' as const } : part.at(index))),
      };
    case 'cross': {
      let rest = index;
      // From the right: the last part varies fastest.
      const picked = parts.toReversed().map((part) => {
        const length = part.length();
        const position = rest % length;
        rest = Math.floor(rest / length);
        return part.at(position);
      });
      return { kind: 'parts', parts: picked.reverse() };
    }
    case 'concat': {
      let rest = index;
      for (const [number, part] of parts.entries()) {
        const length = part.length();
        if (rest < length) return { kind: 'one_of', part: number, pick: part.at(rest) };
        rest -= length;
      }
      throw new RangeError(`the list has no element ${index}`);
    }
  }
}
