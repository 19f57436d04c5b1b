/** Goal: weights are Airflow's: of all transitive neighbours, each once, exact, in 32 bits, and quick for the largest DAG. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headStartMs } from '#core/scheduling/priority.ts';
import { type WeighedTask, weighTasks } from '#core/scheduling/weight-rules.ts';

const task = (taskId: string, upstream: readonly string[], weight = 1, rule = 'downstream'): WeighedTask => ({
  taskId,
  upstream,
  weight,
  rule,
});
const weights = (tasks: readonly WeighedTask[]) => Object.fromEntries(weighTasks(tasks));

describe('weight rules', () => {
  it('downstream counts each task behind once, however many ways lead there', () => {
    expect(weights([task('a', []), task('b', ['a'], 2), task('c', ['a'], 3), task('d', ['b', 'c'], 10)])).toEqual({
      a: 16,
      b: 12,
      c: 13,
      d: 10,
    });
  });

  it('upstream counts what leads to it, absolute only itself, and rules mix', () => {
    const tasks = [
      task('a', [], 5, 'upstream'),
      task('b', ['a'], 2, 'upstream'),
      task('c', ['b'], 3, 'absolute'),
      task('d', ['b'], 1, 'upstream'),
    ];
    expect(weights(tasks)).toEqual({ a: 5, b: 7, c: 3, d: 8 });
  });

  it('stay within 32 bits', () => {
    const big = 2 ** 31 - 1;
    expect(weights([task('a', [], big), task('b', ['a'], big)])).toEqual({ a: big, b: big });
    expect(weights([task('a', [], -big), task('b', ['a'], -big)])).toEqual({ a: -(2 ** 31), b: -big });
  });

  it('agree with a walk over the graph, for any DAG', () => {
    const graph = fc
      .integer({ min: 1, max: 1_200 })
      .chain((size) => fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 60 }).map((edges) => ({ size, edges })));
    fc.assert(
      fc.property(graph, fc.constantFrom('downstream', 'upstream'), ({ size, edges }, rule) => {
        const upstream = Array.from({ length: size }, () => new Set<string>());
        for (const [a, b] of edges) if (a !== b) upstream[Math.max(a, b)]?.add(`t${Math.min(a, b)}`);
        const tasks = upstream.map((ids, number) => task(`t${number}`, [...ids], (number % 7) + 1, rule));
        const next = new Map(tasks.map((one) => [one.taskId, rule === 'upstream' ? [...one.upstream] : ([] as string[])]));
        if (rule === 'downstream') for (const one of tasks) for (const id of one.upstream) next.get(id)?.push(one.taskId);
        const own = new Map(tasks.map((one) => [one.taskId, one.weight]));
        const made = weighTasks(tasks);
        for (const { taskId } of tasks) {
          const seen = new Set([taskId]);
          for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
          expect(made.get(taskId)).toBe([...seen].reduce((sum, id) => sum + (own.get(id) as number), 0));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('take 10,000 tasks and 200,000 edges at once', () => {
    const tasks = Array.from({ length: 10_000 }, (_, number) =>
      task(
        `t${number}`,
        [...new Set(Array.from({ length: 20 }, (_, k) => Math.floor((number * (k + 1)) / 21)).filter((up) => up < number))].map(
          (up) => `t${up}`,
        ),
      ),
    );
    expect(weighTasks(tasks).get('t0')).toBe(10_000);
  });
});

describe('the head start of a weight', () => {
  it('grows with it and never passes the largest', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 2 }), (weight) => {
        expect(headStartMs(weight)).toBeLessThanOrEqual(headStartMs(weight + 1));
        expect(Math.abs(headStartMs(weight))).toBeLessThan(3_600_000);
      }),
    );
    expect([1, 10, 100, 1_000].map((weight) => Math.round(headStartMs(weight) / 1_000))).toEqual([10, 97, 783, 2647]);
  });
});
