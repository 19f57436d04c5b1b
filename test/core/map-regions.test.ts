/**
 * Goal: regions grow and shrink with their lists, and the counters that decide what follows never drift.
 * Method: random lengths of a producer that is cleared again and again, played over rows as Postgres would hold them;
 * after each step the model is compared with one loaded afresh from the rows.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListExpression, TaskSpec } from '#core/dag-spec.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { learnParamsLists } from '#core/scheduling/map-regions.ts';
import { type InstanceRow, RunModel } from '#core/scheduling/run-model.ts';
import type { TaskInstanceState } from '#core/states.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

const aRow = (taskId: string, mapIndex: number, state: TaskInstanceState = 'none'): InstanceRow => ({
  id: `${taskId}[${mapIndex}]`,
  taskId,
  mapIndex,
  state,
  tryNumber: 0,
  leaseEpoch: 0,
  pool: 'p',
  poolSlots: 1,
  queue: 'q',
  priorityWeight: 1,
  nextTryAtMs: null,
  queuedAtMs: null,
  followed: null,
  reason: null,
});

function aRun(tasks: readonly TaskSpec[], lists: Readonly<Record<string, ListExpression>>, params: unknown = {}): RunModel {
  const spec = aDagSpec('d', tasks, {
    mapScopes: Object.entries(lists).map(([scopeId, over]) => ({ scopeId, over, maxActive: null, tolerate: 0 })),
  });
  return load(spec, tasks.map((task) => aRow(task.taskId, -1)), new Map(), params); // biome-ignore format: one line
}

function load(
  spec: ReturnType<typeof aDagSpec>,
  rows: readonly InstanceRow[],
  lengths: ReadonlyMap<string, number>,
  params: unknown,
): RunModel {
  const row = { dagRunId: 'r', dagId: 'd', runId: 'r', runType: 'manual', shard: 0, state: 'running' as const, runAfterMs: 0, logicalDateMs: null, startedAtMs: 0, params, revision: 0 }; // biome-ignore format: short
  const run = new RunModel(row, indexDag(spec), rows, lengths);
  learnParamsLists(run);
  run.markAllDirty();
  return run;
}

/** Decides until nothing moves, and does what the engine would do in Postgres. Returns the reasons of what did not run. */
function settle(run: RunModel): Record<string, string | null> {
  const reasons: Record<string, string | null> = {};
  for (let pass = 0; pass < 50; pass++) {
    const { moves, expansions, resizes } = decideRun(run, 0);
    for (const move of moves) if (move.to !== 'scheduled') reasons[move.instance.id] = move.reason;
    for (const { placeholders, length } of expansions)
      for (const placeholder of placeholders) {
        const { taskId } = run.taskOf(placeholder).task.spec;
        run.expand(
          placeholder.taskIndex,
          Array.from({ length: length - 1 }, (_, at) => aRow(taskId, at + 1)),
        );
      }
    for (const { tasks, length } of resizes)
      for (const state of tasks) {
        for (const instance of state.instances.slice(length)) run.setState(instance, 'removed');
        for (const instance of state.instances.slice(0, length)) if (instance.state === 'removed') run.setState(instance, 'none');
        const known = state.instances.length;
        const added = Array.from({ length: Math.max(0, length - known) }, (_, at) => aRow(state.task.spec.taskId, known + at));
        run.add(state.task.index, added);
      }
    if (moves.length + expansions.length + resizes.length === 0) return reasons;
  }
  throw new Error('it does not come to rest');
}

const statesOf = (run: RunModel) =>
  Object.fromEntries([...run.byId.values()].map((one) => [`${run.taskOf(one).task.spec.taskId}[${one.mapIndex}]`, one.state]));

function finish(run: RunModel, taskId: string, state: TaskInstanceState = 'success', lengths: Record<string, number> = {}): void {
  for (const instance of run.tasks[run.index.byId.get(taskId)?.index as number]?.instances ?? []) {
    if (instance.state !== 'scheduled') continue;
    for (const [listId, length] of Object.entries(lengths)) run.mapLengths.set(listId, length);
    run.setState(instance, state);
  }
  settle(run);
}

function expectCountersOf(run: RunModel): void {
  const rows = [...run.byId.values()].map((one): InstanceRow => ({ ...one, taskId: run.taskOf(one).task.spec.taskId }));
  const fresh = load(run.index.spec, rows, run.mapLengths, run.row.params);
  expect(run.unfinished).toBe(fresh.unfinished);
  for (const [number, state] of run.tasks.entries()) {
    const other = fresh.tasks[number];
    expect({ upstream: state.upstream, own: state.own }).toEqual({ upstream: other?.upstream, own: other?.own });
    expect(state.instances.map((one) => one.local)).toEqual(other?.instances.map((one) => one.local));
    expect(state.instances.map((one) => one.mapIndex)).toEqual(state.instances.map((_, at) => (state.expanded ? at : -1)));
  }
}

const literal = (length: number): ListExpression => ({ from: 'literal', taskId: '', path: [], length });
const resultOf = (taskId: string): ListExpression => ({ from: 'task', taskId, path: [] });
const resultsOf = (taskId: string): ListExpression => ({ from: 'results', taskId, path: [] });
const GROUP = [
  aTask('list'),
  aTask('g.a', { mapScope: 'g', upstream: ['list'] }),
  aTask('g.b', { mapScope: 'g', upstream: ['g.a'] }),
  aTask('after', { upstream: ['g.b'], triggerRule: 'all_done' }),
];

describe('mapped regions', () => {
  it('fit every length their list ever has, and keep their counters right', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat(3)),
        (lengths, stream) => {
          const dice = stream[Symbol.iterator]();
          const run = aRun(GROUP, { g: resultOf('list') });
          settle(run);
          for (const length of lengths) {
            finish(run, 'list', 'success', { g: length });
            expectCountersOf(run);
            const of = (taskId: string) => (run.tasks[run.index.byId.get(taskId)?.index as number]?.instances ?? []).filter((one) => one.state !== 'removed'); // biome-ignore format: short
            expect(of('g.a').map((one) => one.mapIndex)).toEqual(Array.from({ length }, (_, at) => at));
            expect(of('g.b')).toHaveLength(length);
            for (const instance of [...run.ready].filter(() => dice.next().value !== 0))
              run.setState(instance, dice.next().value === 0 ? 'failed' : 'success');
            settle(run);
            expectCountersOf(run);
            // Somebody clears the producer alone: it runs again.
            run.setState(run.tasks[0]?.instances[0] as never, 'none');
            settle(run);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are made at once of a list written in the file', () => {
    const run = aRun([aTask('m', { mapScope: 'm' })], { m: literal(3) });
    settle(run);
    expect(statesOf(run)).toEqual({ 'm[0]': 'scheduled', 'm[1]': 'scheduled', 'm[2]': 'scheduled' });
  });

  it('are made of the results of a mapped task once all of its instances have ended, without those that have none', () => {
    const tasks = [aTask('m', { mapScope: 'm' }), aTask('n', { mapScope: 'n', upstream: ['m'], triggerRule: 'all_done' })];
    const run = aRun(tasks, { m: literal(4), n: resultsOf('m') });
    settle(run);
    const [first, second, third, fourth] = run.tasks[0]?.instances ?? [];
    for (const one of [first, fourth]) run.setState(one as never, 'success');
    run.setState(second as never, 'failed');
    settle(run);
    expect(run.tasks[1]?.expanded).toBe(false);
    run.setState(third as never, 'skipped');
    const [expansion] = decideRun(run, 0).expansions;
    expect(expansion).toMatchObject({ length: 2, lists: [{ listId: 'n', length: 2, picks: [0, 3] }] });
  });

  it('are skipped as one instance when their list is empty, each task of a group by itself', () => {
    const run = aRun(GROUP, { g: resultOf('list') });
    settle(run);
    finish(run, 'list', 'success', { g: 0 });
    expect(statesOf(run)).toEqual({ 'list[-1]': 'success', 'g.a[-1]': 'skipped', 'g.b[-1]': 'skipped', 'after[-1]': 'scheduled' });
  });

  it('fail upstream of their task, not by it, when the task that makes the list failed', () => {
    const run = aRun([aTask('list'), aTask('m', { mapScope: 'm', upstream: ['list'], triggerRule: 'all_done' })], { m: resultOf('list') });
    settle(run);
    run.setState(run.tasks[0]?.instances[0] as never, 'failed');
    expect(settle(run)).toEqual({ 'm[-1]': 'list ended without the list to map over' });
    expect(statesOf(run)).toMatchObject({ 'm[-1]': 'upstream_failed' });
  });

  it('fail in words when the params hold no list, or a product is too long', () => {
    const over: ListExpression = { from: 'params', taskId: '', path: ['rows'] };
    const noList = aRun([aTask('m', { mapScope: 'm' })], { m: over }, { rows: 'all' });
    expect(settle(noList)).toEqual({ 'm[-1]': 'm maps over params.rows, which must be a list but is string' });
    const long = aRun([aTask('m', { mapScope: 'm' })], { m: { op: 'cross', parts: [literal(1_000), literal(1_000)] } });
    expect(settle(long)['m[-1]']).toMatch(/has 1000000 elements; at most 100000 are allowed/);
    expect(statesOf(long)).toEqual({ 'm[-1]': 'failed' });
  });

  it('whose list nobody ever told of end their run as deadlocked, naming the task', () => {
    const run = aRun([aTask('m', { mapScope: 'm' })], { m: { from: 'params', taskId: '', path: ['rows'] } }, { rows: 'all' });
    run.mapProblems.clear();
    expect(decideRun(run, 0).end).toEqual({ state: 'failed', reason: 'all_tasks_deadlocked: m can never start' });
  });

  it('let an index of a group go on when another one failed', () => {
    const run = aRun(GROUP, { g: resultOf('list') });
    settle(run);
    finish(run, 'list', 'success', { g: 2 });
    const [first, second] = run.tasks[1]?.instances ?? [];
    run.setState(first as never, 'failed');
    run.setState(second as never, 'success');
    settle(run);
    expect(statesOf(run)).toMatchObject({ 'g.b[0]': 'upstream_failed', 'g.b[1]': 'scheduled', 'after[-1]': 'none' });
  });

  it('cost little where thousands wait for thousands', () => {
    const tasks = [aTask('m', { mapScope: 'm' }), aTask('n', { mapScope: 'n', upstream: ['m'] })];
    const run = aRun(tasks, { m: literal(5_000), n: literal(5_000) });
    settle(run);
    const looked: number[] = [];
    for (const instance of run.tasks[0]?.instances.slice(0, -1) ?? []) {
      run.setState(instance, 'success');
      run.wakeWaiting();
      looked.push(run.dirty.size);
      run.dirty.clear();
    }
    expect(Math.max(...looked)).toBe(0);
    run.setState(run.tasks[0]?.instances.at(-1) as never, 'success');
    settle(run);
    expect(run.tasks[1]?.instances.every((one) => one.state === 'scheduled')).toBe(true);
  });
});
