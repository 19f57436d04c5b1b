/** Goal: a clear or a mark reaches exactly what was asked for, and what must go with it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isChosen, tasksToClear, tasksToMark } from '#core/affected-tasks.ts';
import { closure, downstreamOf } from '#core/dag-graph.ts';
import type { TaskSpec } from '#core/dag-spec.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

const NONE = { upstream: false, downstream: false };
const names = (choices: readonly { taskId: string; mapIndex?: number | undefined }[] | null) =>
  choices?.map(({ taskId, mapIndex }) => (mapIndex === undefined ? taskId : `${taskId}[${mapIndex}]`)).sort();

const group = (groupId: string, parentId: string | null = null) => ({ groupId, parentId, docMd: null, collapsed: false });

describe('clearing', () => {
  it('takes a group for all tasks in it and in its groups', () => {
    const spec = aDagSpec('etl', [aTask('a', { groupId: 'outer' }), aTask('b', { groupId: 'inner' }), aTask('c')], {
      groups: [group('outer'), group('inner', 'outer')],
    });
    expect(names(tasksToClear(spec, [{ taskId: 'outer' }], NONE))).toEqual(['a', 'b']);
  });

  it('keeps to the element of a mapped region, inside of it', () => {
    const inRegion = { mapScope: 'files' };
    const spec = aDagSpec('etl', [
      aTask('list'),
      aTask('read', { ...inRegion, upstream: ['list'] }),
      aTask('clean', { ...inRegion, upstream: ['read'] }),
      aTask('join', { upstream: ['clean'] }),
    ]);
    const below = { upstream: false, downstream: true };
    expect(names(tasksToClear(spec, [{ taskId: 'read', mapIndex: 3 }], below))).toEqual(['clean[3]', 'join', 'read[3]']);
    expect(names(tasksToClear(spec, [{ taskId: 'read' }], below))).toEqual(['clean', 'join', 'read']);
  });

  it('takes the setups and teardowns of a task along', () => {
    const spec = aDagSpec('etl', [
      aTask('make', { isSetup: true }),
      aTask('work', { upstream: ['make'] }),
      aTask('drop', { isTeardown: true, upstream: ['make', 'work'] }),
    ]);
    expect(names(tasksToClear(spec, [{ taskId: 'work' }], NONE))).toEqual(['drop', 'make', 'work']);
  });

  it('refuses an unknown task with the name that is near', () => {
    expect(() => tasksToClear(aDagSpec('etl', [aTask('extract')]), [{ taskId: 'extrcat' }], NONE)).toThrow(/Did you mean extract\?/);
  });
});

describe('marking', () => {
  it('as failed spares a teardown that was not named', () => {
    const spec = aDagSpec('etl', [
      aTask('make', { isSetup: true }),
      aTask('work', { upstream: ['make'] }),
      aTask('drop', { isTeardown: true, upstream: ['make', 'work'] }),
    ]);
    const below = { upstream: false, downstream: true };
    expect(names(tasksToMark(spec, [{ taskId: 'work' }], { ...below, state: 'failed' }))).toEqual(['work']);
    expect(names(tasksToMark(spec, [{ taskId: 'work' }], { ...below, state: 'success' }))).toEqual(['drop', 'work']);
    expect(names(tasksToMark(spec, [{ taskId: 'drop' }], { ...below, state: 'failed' }))).toEqual(['drop']);
  });
});

describe('for any graph', () => {
  const graph = fc.integer({ min: 1, max: 9 }).chain((count) =>
    fc
      .tuple(
        ...Array.from({ length: count }, (_, index) =>
          fc.record({
            upstream: fc.subarray(Array.from({ length: index }, (_inner, at) => `t${at}`)),
            role: fc.constantFrom('work', 'work', 'setup', 'teardown'),
            mapScope: fc.constantFrom(null, 'm'),
          }),
        ),
      )
      .map((tasks) =>
        tasks.map(({ upstream, role, mapScope }, index) =>
          aTask(`t${index}`, {
            upstream,
            mapScope,
            ...(role === 'setup' && { isSetup: true }),
            ...(role === 'teardown' && { isTeardown: true }),
          }),
        ),
      ),
  );
  const question = graph.chain((tasks) =>
    fc.record({
      tasks: fc.constant(tasks),
      choices: fc.array(
        fc.record({ taskId: fc.constantFrom(...tasks.map((task) => task.taskId)), mapIndex: fc.constantFrom(undefined, 0, 1) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      upstream: fc.boolean(),
      downstream: fc.boolean(),
    }),
  );
  const upstreamOf = (tasks: readonly TaskSpec[]) => new Map(tasks.map((task) => [task.taskId, task.upstream]));

  it('the choices are among what is reached, which holds no instance twice', () => {
    fc.assert(
      fc.property(question, ({ tasks, choices, ...reach }) => {
        for (const found of [
          tasksToClear(aDagSpec('d', tasks), choices, reach) ?? [],
          tasksToMark(aDagSpec('d', tasks), choices, { ...reach, state: 'success' }),
        ]) {
          for (const { taskId, mapIndex } of choices) expect(isChosen(found, taskId, mapIndex ?? 0)).toBe(true);
          expect(new Set(names(found)).size).toBe(found.length);
        }
      }),
    );
  });

  it('with downstream, whatever waits for a chosen task is reached; beyond the neighbours only setups and teardowns are', () => {
    fc.assert(
      fc.property(question, ({ tasks, choices, upstream, downstream }) => {
        const found = new Set((tasksToClear(aDagSpec('d', tasks), choices, { upstream, downstream }) ?? []).map((choice) => choice.taskId));
        const start = choices.map((choice) => choice.taskId);
        const above = closure(upstreamOf(tasks), start);
        const below = closure(downstreamOf(upstreamOf(tasks)), start);
        if (downstream) for (const id of below) expect(found).toContain(id);
        if (upstream) for (const id of above) expect(found).toContain(id);
        const allowed = new Set([...start, ...(upstream ? above : []), ...(downstream ? below : [])]);
        for (const task of tasks)
          if (found.has(task.taskId) && !allowed.has(task.taskId)) expect(task.isSetup ?? task.isTeardown).toBe(true);
      }),
    );
  });

  it('a mark as failed never reaches a teardown that was not named', () => {
    fc.assert(
      fc.property(question, ({ tasks, choices, ...reach }) => {
        const named = new Set(choices.map((choice) => choice.taskId));
        for (const { taskId } of tasksToMark(aDagSpec('d', tasks), choices, { ...reach, state: 'failed' }))
          expect(named.has(taskId) || !tasks.some((task) => task.taskId === taskId && task.isTeardown)).toBe(true);
      }),
    );
  });
});
