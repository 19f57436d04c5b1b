/** Goal: setups, teardowns, gates, branches and empty tasks as an author writes them. Method: specs, mistakes, attempts. */
import { describe, expect, it, test } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import type { BodyResult, RunMessage } from '#core/task-protocol.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { asset, type Builder, dag, duringTimes, onWeekdays } from '#sdk/index.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';

type Build = (builder: Builder<Record<never, never>>) => unknown;
const made = (build: Build, options: object = {}) => dag('d', options, build) as unknown as DagDefinition;
const edges = (spec: DagSpec) => Object.fromEntries(spec.tasks.map((task) => [task.taskId, task.upstream]));
function specOf(build: Build, options: object = {}): DagSpec {
  const spec = serialiseDag(made(build, options));
  expect(validateSpec(spec)).toEqual([]);
  return spec;
}
const taskOf = (spec: DagSpec, id: string) => spec.tasks.find((task) => task.taskId === id);

function attempt(
  definition: DagDefinition,
  taskId: string,
  context: Partial<RunMessage['context']> = {},
  inputs = {},
): Promise<BodyResult> {
  const at = '2026-11-23T00:00:00Z'; // a Monday
  const whole: RunMessage['context'] = {
    attemptId: 'x',
    dagId: 'd',
    runId: 'r',
    runType: 'scheduled',
    taskId,
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 0,
    logicalDate: at,
    dataIntervalStart: at,
    dataIntervalEnd: at,
    runAfter: at,
    params: {},
    firstStartedAt: null,
    idempotencyKey: 'k',
    scratchFolder: '/tmp/none',
    ...context,
  };
  return runTask(
    definition,
    { type: 'run', context: whole, inputs },
    {
      log: () => undefined,
      request: async () => undefined,
      heartbeat: () => undefined,
      signal: new AbortController().signal,
    },
  );
}

describe('setup and teardown', () => {
  it('are tasks with marks; a teardown follows its setups and has its rule', () => {
    const spec = specOf(({ setup, teardown, task }) => {
      const cluster = setup('create', () => ({ url: 'x' }), { retries: 2 });
      const rows = task('query', { cluster }, ({ cluster }) => cluster.url);
      teardown('drop', { cluster }, () => undefined, { after: rows, onFailureFailDagrun: true });
    });
    expect(edges(spec)).toEqual({ create: [], query: ['create'], drop: ['create', 'query'] });
    expect(taskOf(spec, 'create')).toMatchObject({ isSetup: true, retries: 2 });
    expect(taskOf(spec, 'drop')).toMatchObject({ isTeardown: true, onFailureFailDagrun: true, triggerRule: 'all_done_setup_success' });
    expect(Object.keys(taskOf(spec, 'query') ?? {})).not.toContain('isSetup');
  });

  it('take what is built between them into their scope', () => {
    const spec = specOf(({ setup, teardown, task, between }) => {
      const up = setup('up', () => 1);
      const down = teardown('down', () => 1);
      const last = between(up, down, (b) => b.task('b', { a: b.task('a', () => 1) }, () => 2));
      task('report', { last }, () => 3);
    });
    expect(edges(spec)).toEqual({ up: [], a: ['up'], b: ['a'], down: ['b', 'up'], report: ['b'] });
  });

  it('nest', () => {
    const spec = specOf(({ setup, teardown, between }) => {
      between(
        setup('net', () => 1),
        teardown('off', () => 1),
        (b) => {
          b.between(
            b.setup('up', () => 1),
            b.teardown('down', () => 1),
            (c) => c.task('work', () => 1),
          );
        },
      );
    });
    expect(edges(spec)).toEqual({ net: [], up: ['net'], work: ['up'], down: ['up', 'work'], off: ['down', 'net'] });
  });

  it('are not waited for by what follows their group', () => {
    const spec = specOf(({ group, task, chain }) => {
      const scoped = group('g', (b) =>
        b.between(
          b.setup('up', () => 1),
          b.teardown('down', () => 1),
          (c) => void c.task('work', () => 1),
        ),
      );
      chain(
        scoped,
        task('next', () => 1),
      );
    });
    expect(edges(spec)['next']).toEqual(['g.work']);
  });

  const MISTAKES: readonly (readonly [string, Build, object, RegExp])[] = [
    [
      'a rule of a teardown',
      ({ teardown }) => teardown('t', () => 1, { triggerRule: 'all_done' }),
      {},
      /"triggerRule" of teardown "t" cannot be chosen/,
    ],
    [
      'a setup that is none',
      ({ task, teardown }) => teardown('t', () => 1, { setups: task('a', () => 1) }),
      {},
      /"a" is no setup. Make it with setup\("a"/,
    ],
    [
      'an option of teardowns on a task',
      ({ task }) => task('a', () => 1, { onFailureFailDagrun: true } as object),
      {},
      /Unknown option "onFailureFailDagrun" of task "a"/,
    ],
    [
      'another rule after a setup',
      ({ setup, task }) => task('a', { s: setup('s', () => 1) }, () => 1, { triggerRule: 'one_done' }),
      {},
      /"a" of DAG "d" follows the setup "s", so its trigger rule must be all_success/,
    ],
    [
      'a scope without a function',
      ({ setup, between }) =>
        between(
          setup('s', () => 1),
          [],
          7 as never,
        ),
      {},
      /between in DAG "d" needs setups, teardowns and a function/,
    ],
    [
      'another rule with failFast',
      ({ task }) => task('a', () => 1, { triggerRule: 'all_done' }),
      { failFast: true },
      /"d" has failFast, so its tasks can only have the trigger rule all_success, but "a" has all_done/,
    ],
  ];
  it.each(MISTAKES)('%s is refused', (_, build, options, message) => {
    expect(() => made(build, options)).toThrow(message);
  });

  it('may be in a DAG with failFast, and so may joins', () => {
    specOf(
      ({ setup, teardown, branch, task }) => {
        teardown('t', { s: setup('s', () => 1) }, () => 1);
        task('join', { one: branch('b', {}, () => 'x' as const, { x: (q) => q.task('x', () => 1) }) }, () => 1);
      },
      { failFast: true },
    );
  });
});

describe('a branch', () => {
  const cases = {
    x: (q: Builder<Record<never, never>>) => q.task('x', () => 1),
    y: (q: Builder<Record<never, never>>) => q.empty('nothing'),
  };
  const choosing = (choice: unknown) => made(({ branch }) => branch('b', {}, () => choice as 'x', cases));

  it.each([
    ['x', ['x']],
    [
      ['x', 'y', 'x'],
      ['x', 'nothing'],
    ],
    [[], []],
    [null, []],
  ])('that chose %j is followed by %j', async (choice, followed) => {
    expect(await attempt(choosing(choice), 'b')).toMatchObject({ outcome: 'success', value: choice, followed });
  });

  it.each([
    ['z', /chose "z", which is no case.* Cases: x, y\./],
    [['x', 'yy'], /chose "yy", which is no case. Did you mean "y"\?/],
    [undefined, /chose nothing \(return null to follow no case\)/],
    [7, /chose number, which is no case/],
  ])('that chose %j fails for good', async (choice, message) => {
    expect(await attempt(choosing(choice), 'b')).toMatchObject({
      outcome: 'failed',
      retryable: false,
      error: { message: expect.stringMatching(message) },
    });
  });

  it('may decide with true and false', async () => {
    const definition = made(({ branch }) => {
      branch('b', {}, () => true, { true: (q) => q.task('yes', () => 1), false: (q) => q.task('no', () => 1) });
    });
    expect(await attempt(definition, 'b')).toMatchObject({ followed: ['yes'] });
  });

  it('gives what follows the result of the first case that ran', async () => {
    const definition = made(({ branch, task }) => {
      const result = branch('b', {}, () => ['x', 'y'] as const, { x: (q) => q.task('x', () => 1), y: (q) => q.task('y', () => 2) });
      task('join', { result }, ({ result }) => result);
    });
    expect(await attempt(definition, 'join', {}, { y: 2 })).toMatchObject({ value: 2 });
    expect(await attempt(definition, 'join', {}, { y: 2, x: 1 })).toMatchObject({ value: 1 });
    expect(taskOf(serialiseDag(definition), 'join')?.triggerRule).toBe('none_failed_min_one_success');
  });

  it('without a value in any case can still be followed', () => {
    const spec = specOf(({ branch, task }) => {
      task('join', () => 1, { after: branch('b', {}, () => 'x' as const, { x: (q) => q.empty('e'), y: (q) => q.empty('f') }) });
    });
    expect(edges(spec)['join']).toEqual(['e', 'f']);
  });

  it('may lie in a group and in a mapped group', () => {
    const spec = specOf(({ group, task, mapGroup }) => {
      group('g', (b) => b.branch('b', {}, () => 'x' as const, { x: (q) => q.task('x', () => 1) }));
      mapGroup(
        'm',
        task('list', () => [1]),
        (item, b) =>
          b.task('join', { one: b.branch('b', { item }, () => 'x' as const, { x: (q) => q.task('x', { item }, () => 1) }) }, () => 1),
      );
    });
    expect(taskOf(spec, 'g.b')?.branchCases).toEqual({ x: ['g.x'] });
    expect(taskOf(spec, 'm.b')).toMatchObject({ branchCases: { x: ['m.x'] }, mapScope: 'm' });
  });
});

describe('a gate', () => {
  it('says in the spec only that it does not skip everything', () => {
    const spec = specOf(({ gate }) => {
      gate('all', {}, () => true);
      gate('near', {}, () => true, { ignoreDownstreamTriggerRules: false });
    });
    expect(taskOf(spec, 'all')).not.toHaveProperty('ignoreDownstreamTriggerRules');
    expect(taskOf(spec, 'near')?.ignoreDownstreamTriggerRules).toBe(false);
  });
});

describe('latestOnly', () => {
  const definition = made(({ latestOnly }) => void latestOnly('latest'));
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

  it.each([
    ['the newest run', { dataIntervalEnd: soon(-60_000), nextIntervalEnd: soon(60_000) }, null],
    ['an older run', { dataIntervalEnd: soon(-120_000), nextIntervalEnd: soon(-60_000) }, []],
    ['a run before its time', { dataIntervalEnd: soon(60_000), nextIntervalEnd: soon(120_000) }, []],
    ['the last run of its schedule', { dataIntervalEnd: soon(-60_000), nextIntervalEnd: null }, null],
    ['a run by hand', { runType: 'manual', dataIntervalEnd: soon(-120_000), nextIntervalEnd: soon(-60_000) }, null],
    ['an old run of a backfill', { runType: 'backfill', dataIntervalEnd: soon(-120_000), nextIntervalEnd: soon(-60_000) }, []],
  ])('in %s', async (_, context, followed) => {
    expect(await attempt(definition, 'latest', context)).toMatchObject({ outcome: 'success', followed });
  });

  it('skips only what follows directly', () => {
    expect(serialiseDag(definition).tasks[0]).toMatchObject({ kind: 'gate', operator: 'latest_only', ignoreDownstreamTriggerRules: false });
  });
});

describe('an empty task', () => {
  it('has no work for a worker, unless it has something to do after all', () => {
    const spec = specOf(({ empty }) => {
      empty('a');
      empty('b', { outlets: [asset('x')] });
      empty('c', { when: () => false });
    });
    expect(spec.tasks.map((task) => [task.taskId, task.kind, task.operator])).toEqual([
      ['a', 'empty', 'empty'],
      ['b', 'task', 'empty'],
      ['c', 'task', 'empty'],
    ]);
  });
});

describe('the past', () => {
  it('has its options in the spec where they differ from the default', () => {
    const spec = specOf(({ task }) => {
      task('a', () => 1, { waitForDownstream: true, ignoreFirstDependsOnPast: false, waitForPastDependsBeforeSkipping: true });
      task('b', () => 1, { dependsOnPast: true, ignoreFirstDependsOnPast: true });
    });
    expect(taskOf(spec, 'a')).toMatchObject({
      dependsOnPast: true,
      ignoreFirstDependsOnPast: false,
      waitForPastDependsBeforeSkipping: true,
    });
    expect(taskOf(spec, 'b')).not.toHaveProperty('ignoreFirstDependsOnPast');
  });
});

describe('decisions by the calendar', () => {
  const asked = async (decide: ReturnType<typeof onWeekdays>, logicalDate: string) => {
    const definition = made(({ branch }) => {
      branch('b', {}, decide, { true: (q) => q.empty('yes'), false: (q) => q.empty('no') });
    });
    const result = await attempt(definition, 'b', { logicalDate });
    return result.outcome === 'success' && result.value;
  };
  const logical = { useLogicalDate: true } as const;

  test.each([
    ['2026-11-23T12:00:00Z', 'monday', {}, true],
    ['2026-11-23T12:00:00Z', ['saturday', 'sunday'], {}, false],
    ['2026-11-22T23:30:00Z', 'monday', { tz: 'Europe/Berlin' }, true],
  ] as const)('%s is on %j %j: %j', async (at, days, options, expected) => {
    expect(await asked(onWeekdays(days, { ...options, ...logical }), at)).toBe(expected);
  });

  test.each([
    ['2026-11-23T08:00:00Z', { from: '08:00', to: '17:00' }, {}, true],
    ['2026-11-23T17:00:00Z', { from: '08:00', to: '17:00' }, {}, true],
    ['2026-11-23T17:00:01Z', { from: '08:00', to: '17:00' }, {}, false],
    ['2026-11-23T07:30:00Z', { from: '08:00' }, { tz: 'Europe/Berlin' }, true],
    ['2026-11-23T01:00:00Z', { from: '22:00', to: '06:00' }, {}, true],
    ['2026-11-23T12:00:00Z', { from: '22:00', to: '06:00' }, {}, false],
    ['2026-11-23T12:00:00Z', { to: '2026-01-01T00:00:00Z' }, {}, false],
    ['2026-11-23T12:00:00Z', { from: new Date('2026-01-01'), to: '23:00' }, {}, true],
  ] as const)('%s is during %j %j: %j', async (at, window, options, expected) => {
    expect(await asked(duringTimes(window, { ...options, ...logical }), at)).toBe(expected);
  });

  it('refuse what they do not know', () => {
    expect(() => onWeekdays('someday' as 'monday')).toThrow(/but not "someday"/);
    expect(() => duringTimes({ from: '25:00' })).toThrow(/must be a time like "08:00"/);
    expect(() => duringTimes({})).toThrow(/needs from, to or both/);
    expect(() => onWeekdays('monday', { tz: 'Mars' })).toThrow(/"Mars" is no time zone/);
  });
});
