/**
 * Goal: an item picked out of a list expression is the one the whole list would have there, though nobody makes the list.
 * Method: random expressions, compared with a model that makes the whole list.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListExpression } from '#core/dag-spec.ts';
import { elementOfStored, lengthOfStored } from '#core/mapping/encoded-list.ts';
import { type ItemPick, leafPicksOf, leavesOf, lengthOf, listIdsOf, pickAt } from '#core/mapping/list-expression.ts';

const leaf = (length: number): ListExpression => ({ from: 'literal', taskId: '', path: [], length });

const expressions = fc.letrec<{ list: ListExpression; leaf: ListExpression; made: ListExpression }>((tie) => ({
  leaf: fc.nat(4).map(leaf),
  made: fc
    .record({
      op: fc.constantFrom('zip', 'cross', 'concat'),
      parts: fc.array(tie('list'), { minLength: 1, maxLength: 3 }),
      fill: fc.boolean(),
    })
    .map(({ op, parts, fill }) => ({ op, parts, ...(fill && op === 'zip' && { fill: true as const }) }) as ListExpression),
  list: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('made')),
})).list;

/** The whole list: leaves give "leaf:index", what is filled up "-". */
function whole(list: ListExpression, first = 0): unknown[] {
  if (!('op' in list)) return Array.from({ length: list.length ?? 0 }, (_, index) => `${first}:${index}`);
  let next = first;
  const parts = list.parts.map((part) => {
    const items = whole(part, next);
    next += leavesOf(part).length;
    return items;
  });
  switch (list.op) {
    case 'concat':
      return parts.flat(1);
    case 'cross':
      return parts.reduce<unknown[][]>((rows, part) => rows.flatMap((row) => part.map((item) => [...row, item])), [[]]);
    case 'zip': {
      const lengths = parts.map((part) => part.length);
      const length = list.fill ? Math.max(...lengths) : Math.min(...lengths);
      return Array.from({ length }, (_, at) => parts.map((part) => (at < part.length ? part[at] : '-')));
    }
  }
}

function built(pick: ItemPick): unknown {
  switch (pick.kind) {
    case 'leaf':
      return `${pick.leaf}:${pick.index}`;
    case 'parts':
      return pick.parts.map(built);
    case 'one_of':
      return built(pick.pick);
    case 'fill':
      return '-';
  }
}

describe('lists made of lists', () => {
  it('have the length, and item by item the content, of the list they stand for', () => {
    fc.assert(
      fc.property(expressions, (list) => {
        const lengths = leavesOf(list).map((source) => source.length);
        const model = whole(list);
        expect(lengthOf(list, (number) => lengths[number])).toBe(model.length);
        const at = (index: number) => pickAt(list, index, (number) => lengths[number]);
        for (let index = 0; index < Math.min(model.length, 50); index++) expect(built(at(index))).toEqual(model[index]);
        for (let index = 0; index < Math.min(model.length, 50); index++)
          for (const picked of leafPicksOf(at(index))) expect(picked.index).toBeLessThan(lengths[picked.leaf] as number);
      }),
      { numRuns: 500 },
    );
  });

  it('vary the last list of a product fastest, as Airflow does', () => {
    const list: ListExpression = { op: 'cross', parts: [leaf(2), leaf(3)] };
    const indexes = [0, 1, 2, 3, 4, 5].map((index) => leafPicksOf(pickAt(list, index, (number) => [2, 3][number])).map((one) => one.index));
    expect(indexes).toEqual([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]); // biome-ignore format: a table
  });

  it('have no length while one of theirs is not known, and never overflow', () => {
    const unknown: ListExpression = { from: 'task', taskId: 'a', path: [] };
    expect(lengthOf({ op: 'concat', parts: [leaf(1), unknown] }, (number) => [1, undefined][number])).toBeUndefined();
    const huge: ListExpression = { op: 'cross', parts: Array.from({ length: 90 }, () => unknown) };
    expect(lengthOf(huge, () => 100_000)).toBe(Number.POSITIVE_INFINITY);
    expect(lengthOf({ op: 'cross', parts: [huge, leaf(0)] }, () => 0)).toBe(0);
  });

  it('keep the name of a plain list, and number the lists of one that is made', () => {
    expect(listIdsOf({ scopeId: 'm', over: leaf(1) })).toEqual(['m']);
    expect(listIdsOf({ scopeId: 'm', over: { op: 'zip', parts: [leaf(1), { op: 'concat', parts: [leaf(1)] }] } })).toEqual(['m#0', 'm#1']);
  });
});

describe('stored lists', () => {
  it('are lists, sets, and objects and maps as entries; everything else is none', () => {
    const map = { $windlass: 'map', value: [['x', 1], [{ $windlass: 'date', value: 'd' }, 2]] }; // biome-ignore format: short
    expect([[1], { $windlass: 'set', value: [1, 2] }, map, { b: 1, a: 2 }].map(lengthOfStored)).toEqual([1, 2, 2, 2]);
    expect([null, 'text', 3, { $windlass: 'date', value: '2026' }, undefined].map(lengthOfStored)).toEqual([null, null, null, null, null]);
    expect(elementOfStored(map, 1)).toEqual({ key: { $windlass: 'date', value: 'd' }, value: 2 });
    expect([0, 1, 2].map((index) => elementOfStored({ b: 1, a: 2 }, index))).toEqual([
      { key: 'a', value: 2 },
      { key: 'b', value: 1 },
      undefined,
    ]);
  });
});
