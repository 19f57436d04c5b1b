/**
 * Goal: setups and teardowns keep their promises (F19): work needs its setup wherever that lies, a teardown runs after all
 * of its scope if its setup succeeded, and does not count for the run. Method: the brain over runs in memory.
 */
import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '#core/dag-spec.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { withSetupsAndTeardowns } from '#core/setup-teardown.ts';
import { aTask } from '#test/support/a-dag-spec.ts';
import { aRun, end, instanceOf, statesOf } from '#test/support/a-run.ts';

const setup = (id: string, ...upstream: string[]) => aTask(id, { isSetup: true, upstream });
const work = (id: string, ...upstream: string[]) => aTask(id, { upstream });
const teardown = (id: string, upstream: readonly string[], change: Partial<TaskSpec> = {}) =>
  aTask(id, { isTeardown: true, triggerRule: 'all_done_setup_success', upstream: [...upstream], ...change });

const CLUSTER = [setup('up'), work('a', 'up'), work('b', 'a'), teardown('down', ['up', 'b'])];

/** Decides, and returns what can start now. */
function ready(run: RunModel): readonly string[] {
  decideRun(run, 0);
  return [...run.ready].map((instance) => instance.id).sort();
}

function finalState(run: RunModel): string | undefined {
  return decideRun(run, 0).end?.state;
}

describe('a teardown', () => {
  it('runs after its scope when its setup succeeded, whatever the work did', () => {
    const run = aRun(CLUSTER);
    ready(run);
    end(run, 'up', 'success');
    ready(run);
    end(run, 'a', 'failed');
    expect(ready(run)).toEqual(['down']);
    expect(statesOf(run)['b']).toBe('upstream_failed');
    end(run, 'down', 'success');
    expect(finalState(run)).toBe('failed');
  });

  it.each([
    ['failed', 'upstream_failed'],
    ['skipped', 'skipped'],
  ] as const)('does not run when its setup %s', (setupEnd, expected) => {
    const run = aRun(CLUSTER);
    ready(run);
    end(run, 'up', setupEnd);
    expect(ready(run)).toEqual([]);
    expect(statesOf(run)).toEqual({ up: setupEnd, a: expected, b: expected, down: expected });
    expect(instanceOf(run, 'down').reason).toContain('up');
  });

  it('waits for work that still runs beside what failed, though it is not its direct upstream', () => {
    const run = aRun([setup('up'), work('fast', 'up'), work('slow', 'up'), work('both', 'fast', 'slow'), teardown('down', ['up', 'both'])]);
    ready(run);
    end(run, 'up', 'success');
    ready(run);
    end(run, 'fast', 'failed');
    expect(ready(run)).toEqual(['slow']);
    expect(statesOf(run)).toMatchObject({ both: 'upstream_failed', down: 'none' });
    end(run, 'slow', 'success');
    expect(ready(run)).toEqual(['down']);
  });

  it('does not wait for work that comes after it and before another teardown of the same setup', () => {
    const run = aRun([setup('up'), teardown('one', ['up']), work('between', 'one'), teardown('two', ['up', 'between'])]);
    ready(run);
    end(run, 'up', 'success');
    expect(ready(run)).toEqual(['one']);
  });

  it('needs one of several setups', () => {
    const run = aRun([setup('one'), setup('two'), work('a', 'one'), teardown('down', ['one', 'two', 'a'])]);
    ready(run);
    end(run, 'one', 'failed');
    end(run, 'two', 'success');
    expect(ready(run)).toEqual(['down']);
  });

  it('does not fail the run, unless it says so', () => {
    for (const onFailureFailDagrun of [false, true]) {
      const run = aRun([setup('up'), work('a', 'up'), teardown('down', ['up', 'a'], { onFailureFailDagrun })]);
      ready(run);
      end(run, 'up', 'success');
      ready(run);
      end(run, 'a', 'success');
      ready(run);
      end(run, 'down', 'failed');
      expect(finalState(run)).toBe(onFailureFailDagrun ? 'failed' : 'success');
    }
  });

  it('that counts does not hide a failure of the work', () => {
    const run = aRun([setup('up'), work('a', 'up'), teardown('down', ['up', 'a'], { onFailureFailDagrun: true })]);
    ready(run);
    end(run, 'up', 'success');
    ready(run);
    end(run, 'a', 'failed');
    ready(run);
    end(run, 'down', 'success');
    expect(finalState(run)).toBe('failed');
  });

  it('counts when there is nothing else', () => {
    const run = aRun([teardown('only', [])]);
    ready(run);
    end(run, 'only', 'failed');
    expect(finalState(run)).toBe('failed');
  });
});

describe('work in a scope', () => {
  // b is ready as soon as `other` is, but for the setup it needs.
  const far = (rule: TaskSpec['triggerRule']) => [
    setup('up'),
    work('first', 'up'),
    work('other'),
    aTask('b', { upstream: ['first', 'other'], triggerRule: rule }),
    teardown('down', ['up', 'b']),
  ];

  it('waits for a setup that is not its direct upstream', () => {
    const run = aRun(far('one_success'));
    ready(run);
    end(run, 'other', 'success');
    expect(ready(run)).toEqual(['up']);
    end(run, 'up', 'success');
    expect(ready(run)).toEqual(['b', 'first']);
  });

  it.each([
    ['failed', 'upstream_failed'],
    ['skipped', 'skipped'],
  ] as const)('ends at once when that %s', (setupEnd, expected) => {
    const run = aRun(far('all_done'));
    ready(run);
    end(run, 'up', setupEnd);
    ready(run);
    expect(statesOf(run)).toMatchObject({ other: 'scheduled', b: expected });
    expect(instanceOf(run, 'b').reason).toBe(setupEnd === 'failed' ? 'setup up failed' : 'setup up was skipped');
  });

  it('does not look at setups with the rule always', () => {
    expect(ready(aRun(far('always')))).toEqual(['b', 'other', 'up']);
  });

  it('does not need a setup whose teardown came before it', () => {
    const run = aRun([
      setup('up'),
      work('a', 'up'),
      teardown('down', ['up', 'a']),
      aTask('after', { upstream: ['a'], triggerRule: 'all_done' }),
    ]);
    ready(run);
    end(run, 'up', 'failed');
    expect(ready(run)).toEqual(['after']);
  });
});

describe('clearing', () => {
  const nested = [
    setup('net'),
    setup('up', 'net'),
    work('a', 'up'),
    work('b', 'a'),
    teardown('down', ['up', 'b']),
    teardown('off', ['net', 'down']),
    work('z', 'b'),
  ];
  const none = { upstream: false, downstream: false };
  const cleared = (id: string, neighbours = none) => [...withSetupsAndTeardowns(nested, [id], neighbours)].sort();

  it('takes along the setups a task needs, theirs, and the teardowns of all', () => {
    expect(cleared('a')).toEqual(['a', 'down', 'net', 'off', 'up']);
  });
  it('of a setup takes along its teardowns', () => {
    expect(cleared('net')).toEqual(['net', 'off']);
  });
  it('of a task outside of the scopes takes nothing along', () => {
    expect(cleared('z')).toEqual(['z']);
  });
  it('of a teardown clears it alone', () => {
    expect(cleared('off')).toEqual(['off']);
  });
  it('with what lies downstream takes the setups of that along', () => {
    expect(cleared('b', { upstream: false, downstream: true })).toEqual(['b', 'down', 'net', 'off', 'up', 'z']);
  });
  it('with what lies upstream takes the teardowns of setups along', () => {
    expect(cleared('z', { upstream: true, downstream: false })).toEqual(['a', 'b', 'down', 'net', 'off', 'up', 'z']);
  });
});
