/** Goal: the difference of two versions names what an author changed, and nothing else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#core/canonical-json.ts';
import { changeInWords, diffSpecs } from '#core/diff-specs.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

const words = (...specs: Parameters<typeof diffSpecs>) => diffSpecs(...specs).map(changeInWords);

describe('the difference of two versions', () => {
  it('names tasks that came, went and changed, and settings of the DAG', () => {
    const before = aDagSpec('etl', [aTask('a'), aTask('b', { retries: 1 })], { description: 'old' });
    const after = aDagSpec('etl', [aTask('b', { retries: 3 }), aTask('c')], { description: 'new', runImmediately: true });
    expect(words(before, after)).toEqual([
      'description "old" -> "new"',
      'runImmediately null -> true',
      'task a removed',
      'task b: retries 1 -> 3',
      'task c added',
    ]);
  });

  it('is told of the order of tasks only when nothing else differs', () => {
    expect(words(aDagSpec('etl', [aTask('a'), aTask('b')]), aDagSpec('etl', [aTask('b'), aTask('a')]))).toEqual([
      'order of the tasks ["a","b"] -> ["b","a"]',
    ]);
  });

  it('is empty exactly when the specs are the same but for the order of keys', () => {
    const task = fc.record({ taskId: fc.constantFrom('a', 'b', 'c'), retries: fc.nat(2) });
    const spec = fc
      .record({ tasks: fc.uniqueArray(task, { selector: (entry) => entry.taskId }), description: fc.option(fc.constantFrom('x', 'y')) })
      .map(({ tasks, description }) =>
        aDagSpec(
          'etl',
          tasks.map(({ taskId, retries }) => aTask(taskId, { retries })),
          { description },
        ),
      );
    fc.assert(
      fc.property(spec, spec, (one, two) => {
        const shuffled = Object.fromEntries(Object.entries(two).reverse()) as typeof two;
        expect(diffSpecs(one, shuffled).length === 0).toBe(canonicalJson(one) === canonicalJson(two));
      }),
    );
  });
});
