/** Goal: zip, cross, concat and map give each mapped instance its own item, typed, and the scheduler only lengths. */
import { expect, test } from 'vitest';
import { concat, cross, dag, Skip, zip } from 'windlass';
import { z } from 'zod';
import { leafPicksOf, lengthOf, pickAt } from '#core/mapping/list-expression.ts';
import type { BodyResult, RunMessage } from '#core/task-protocol.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { ATTEMPT } from './template/rendering.ts';

/** The item of each instance, with `lists` as what the supervisor would find: by leaf number. */
async function itemsOf(made: unknown, lists: Readonly<Record<number, readonly unknown[]>> = {}, taskId = 'm'): Promise<unknown[]> {
  const definition = made as DagDefinition;
  const scope = serialiseDag(definition).mapScopes.find((one) => one.scopeId === taskId);
  if (!scope) throw new Error('no such map');
  const lengths = (leaf: number) => lists[leaf]?.length ?? literals(scope.over)[leaf];
  const count = lengthOf(scope.over, lengths) as number;
  const items: unknown[] = [];
  for (let mapIndex = 0; mapIndex < count; mapIndex++) {
    const values = Object.fromEntries(
      leafPicksOf(pickAt(scope.over, mapIndex, lengths)).map(({ leaf, index }) => [leaf, lists[leaf]?.[index]]),
    );
    const item = { lengths: Array.from({ length: 9 }, (_, leaf) => lengths(leaf) ?? null), values };
    const message: RunMessage = { type: 'run', context: { ...ATTEMPT, taskId, mapIndex, mapLength: count, params: {} }, inputs: {}, item };
    items.push(
      readable(
        await runTask(definition, message, {
          log: () => {},
          request: async () => null,
          heartbeat: () => {},
          signal: new AbortController().signal,
        }),
      ),
    );
  }
  return items;
}

const literals = (over: unknown): (number | undefined)[] =>
  'op' in (over as object) ? (over as { parts: unknown[] }).parts.flatMap(literals) : [(over as { length?: number }).length];

function readable(result: BodyResult): unknown {
  if (result.outcome === 'success') return result.value;
  return result.outcome === 'skipped' ? `skipped: ${result.reason}` : result;
}

test('a list in the file gives its elements, an object its entries as they are written', async () => {
  expect(await itemsOf(dag('d', {}, ({ map }) => map('m', ['a', 'b'], (item) => item)))).toEqual(['a', 'b']);
  const made = dag('d', {}, ({ map }) => map('m', { z: 1, a: 2 }, ({ key, value }, ctx) => `${key}=${value} of ${ctx.task.expandedCount}`));
  expect(await itemsOf(made)).toEqual(['z=1 of 2', 'a=2 of 2']);
  expect(serialiseDag(made as unknown as DagDefinition).mapScopes[0]?.over).toEqual({ from: 'literal', taskId: '', path: [], length: 2 });
});

test('cross varies its last list fastest; with names its items are objects', async () => {
  const made = dag('d', {}, ({ task, map }) => {
    const days = task('days', () => ['mon', 'tue']);
    map('m', cross(days, [1, 2]), ([day, n]) => `${day}${n}`);
  });
  expect(await itemsOf(made, { 0: ['mon', 'tue'] })).toEqual(['mon1', 'mon2', 'tue1', 'tue2']);
  const named = dag('d', {}, ({ map }) => map('m', cross({ x: [1, 2], y: ['a'] }), ({ x, y }) => `${x}${y}`));
  expect(await itemsOf(named)).toEqual(['1a', '2a']);
});

test('zip ends with its shortest list, or fills up', async () => {
  const made = (options: boolean) =>
    dag('d', {}, ({ map }) =>
      options ? map('m', zip([1, 2, 3], ['a'], { fill: '-' }), (item) => item) : map('m', zip([1, 2, 3], ['a']), (item) => item),
    );
  expect(await itemsOf(made(false))).toEqual([[1, 'a']]);
  expect(await itemsOf(made(true))).toEqual([[1, 'a'], [2, '-'], [3, '-']]); // biome-ignore format: a table
});

test('concat joins lists, at any depth of others', async () => {
  const made = dag('d', { params: z.object({ extra: z.array(z.string()).default([]) }) }, ({ params, map }) =>
    map('m', cross(concat(['a'], params.at('extra')), zip([1, 2], ['x', 'y'])), ([name, [n, letter]]) => `${name}${n}${letter}`),
  );
  expect(await itemsOf(made, { 1: ['b', 'c'] })).toEqual(['a1x', 'a2y', 'b1x', 'b2y', 'c1x', 'c2y']);
});

test('map changes items in the task that gets them, and may skip one', async () => {
  const made = dag('d', {}, ({ task, map }) => {
    const rows = task('rows', () => [1, 2, 3]);
    const odd = rows.map((n) => {
      if (n === 2) throw new Skip('an even one');
      return n * 10;
    });
    map('m', odd.map(async (n) => n + 1), (n) => n); // biome-ignore format: short
  });
  expect(await itemsOf(made, { 0: [1, 2, 3] })).toEqual([11, 'skipped: an even one', 31]);
});

test('results of mapped tasks and groups can be mapped over', () => {
  const made = dag('d', {}, ({ map, mapGroup }) => {
    const first = map('first', [1, 2], (n) => ({ n }));
    map('second', first, ({ n }) => n);
    const group = mapGroup('g', first, (item, b) => b.task('t', { item }, ({ item }) => [item.n]).at(0));
    map('third', group, (n) => n + 1);
  });
  const spec = serialiseDag(made as unknown as DagDefinition);
  expect(Object.fromEntries(spec.mapScopes.map((scope) => [scope.scopeId, scope.over]))).toMatchObject({
    second: { from: 'results', taskId: 'first', path: [] },
    g: { from: 'results', taskId: 'first', path: [] },
    third: { from: 'results', taskId: 'g.t', path: ['0'] },
  });
  expect(spec.tasks.find((task) => task.taskId === 'third')?.upstream).toEqual(['g.t']);
});

test('branches, gates, groups and sensors may lie in a mapped group', () => {
  const made = dag('d', {}, ({ mapGroup }) =>
    mapGroup('g', [1, 2], (item, b) => {
      const go = b.gate('go', { item }, ({ item }) => item > 1);
      const picked = b.branch('pick', { item }, () => 'x', {
        x: (q) => q.task('x', { item }, ({ item }) => item),
        y: (q) => q.task('y', () => 0),
      });
      b.chain(go, picked);
      return b.task('end', { picked }, ({ picked }) => picked);
    }),
  );
  const spec = serialiseDag(made as unknown as DagDefinition);
  expect(spec.tasks.map((task) => [task.taskId, task.mapScope])).toEqual(['go', 'pick', 'x', 'y', 'end'].map((id) => [`g.${id}`, 'g']));
});

test('a reference that is mapped in a handler says what it is', async () => {
  const made = dag('d', {}, ({ task }) => {
    const rows = task('rows', () => [1]);
    task('m', () => rows.map((n) => n));
  });
  const message: RunMessage = { type: 'run', context: { ...ATTEMPT, taskId: 'm', params: {} }, inputs: {} };
  const result = await runTask(made as unknown as DagDefinition, message, {
    log: () => {},
    request: async () => null,
    heartbeat: () => {},
    signal: new AbortController().signal,
  });
  expect(result).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('reference to a result') } });
});
