/** Goal: order, cycles and closures are right for any graph. Method: fast-check against plain definitions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closure, downstreamClosure, downstreamOf, findCycle, topologicalOrder, upstreamClosure } from '#core/dag-graph.ts';

/** Any graph: each of n tasks waits for some others (also itself). */
const graph = fc
  .integer({ min: 0, max: 12 })
  .chain((size) =>
    fc
      .array(fc.array(fc.nat({ max: Math.max(0, size - 1) }), { maxLength: 4 }), { minLength: size, maxLength: size })
      .map((parents) => new Map(parents.map((list, id) => [`t${id}`, list.map((parent) => `t${parent}`)]))),
  );
/** Any graph without cycles: a task waits for earlier ones only. */
const dag = graph.map((any) => {
  const ids = [...any.keys()];
  return new Map([...any].map(([id, parents]) => [id, parents.filter((parent) => ids.indexOf(parent) < ids.indexOf(id))]));
});

test('an order exists exactly when there is no cycle', () => {
  fc.assert(
    fc.property(graph, (upstream) => {
      expect(topologicalOrder(upstream) === null).toBe(findCycle(upstream) !== null);
    }),
  );
});

test('every task comes after all that it waits for, once', () => {
  fc.assert(
    fc.property(dag, (upstream) => {
      const order = topologicalOrder(upstream) ?? [];
      expect([...order].sort()).toEqual([...upstream.keys()].sort());
      for (const [id, parents] of upstream) for (const parent of parents) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(id));
    }),
  );
});

test('a cycle is a path in running order that ends where it began', () => {
  fc.assert(
    fc.property(graph, (upstream) => {
      const cycle = findCycle(upstream);
      if (cycle === null) return;
      expect(cycle[0]).toBe(cycle.at(-1));
      for (let index = 1; index < cycle.length; index++) expect(upstream.get(cycle[index] as string)).toContain(cycle[index - 1]);
    }),
  );
});

test('closures up and down agree with one another', () => {
  fc.assert(
    fc.property(dag, (upstream) => {
      for (const a of upstream.keys())
        for (const b of upstream.keys()) expect(upstreamClosure(upstream, a).has(b)).toBe(downstreamClosure(upstream, b).has(a));
    }),
    { numRuns: 30 },
  );
});

test('independent tasks keep the order in which they were written', () => {
  expect(
    topologicalOrder(
      new Map([
        ['b', []],
        ['a', []],
        ['c', ['a']],
      ]),
    ),
  ).toEqual(['b', 'a', 'c']);
});

test('a chain of 100,000 tasks overflows no stack', () => {
  const upstream = new Map(Array.from({ length: 100_000 }, (_, index) => [`t${index}`, index === 0 ? [] : [`t${index - 1}`]]));
  expect(topologicalOrder(upstream)).toHaveLength(100_000);
  expect(findCycle(upstream)).toBeNull();
  expect(closure(downstreamOf(upstream), ['t0']).size).toBe(99_999);
});
