/**
 * Goal: whatever the graph and however tasks end, a run ends, and no task starts before its rule is met (P1, P2).
 * Method: random DAGs played to their end by a worker that finishes queued instances in random order.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRun } from '#core/scheduling/decide-run.ts';
import type { RunEnd } from '#core/scheduling/end-run.ts';
import { type Instance, RunModel } from '#core/scheduling/run-model.ts';
import { isFinished, isLegal, type TaskInstanceState } from '#core/states.ts';
import { countUpstream, evaluateTriggerRule, TRIGGER_RULES } from '#core/trigger-rules.ts';
import { aTask } from '#test/support/a-dag-spec.ts';
import { aRun } from '#test/support/a-run.ts';

const ENDS: readonly TaskInstanceState[] = ['success', 'success', 'success', 'failed', 'skipped', 'up_for_retry'];

const upstreamStates = (run: RunModel, instance: Instance) =>
  run.taskOf(instance).task.upstream.flatMap((number) => (run.tasks[number]?.instances ?? []).map((one) => one.state));

/** Plays the run; `pick` chooses who ends next and how. Checks the laws at every step. */
function play(run: RunModel, pick: (bound: number) => number): RunEnd {
  for (let step = 0; step < 2_000; step++) {
    const decision = decideRun(run, Number.MAX_SAFE_INTEGER);
    for (const move of decision.moves) {
      expect(isLegal(move.event, move.from)).toBe(true);
      const verdict = evaluateTriggerRule(
        run.taskOf(move.instance).task.spec.triggerRule,
        countUpstream(upstreamStates(run, move.instance)),
      );
      if (move.event === 'schedule') expect(verdict, `${move.instance.id} was scheduled`).toBe('run');
      if (move.event === 'skip_by_rule' || move.event === 'fail_upstream') expect(verdict).not.toBe('wait');
    }
    if (decision.end) return decision.end;
    const ready = [...run.ready];
    expect(ready.length, 'a run that has not ended has something to do').toBeGreaterThan(0);
    const instance = ready[pick(ready.length)] as Instance;
    const end = ENDS[pick(ENDS.length)] as TaskInstanceState;
    run.setState(instance, 'queued');
    run.setState(instance, 'running');
    run.setState(instance, end === 'up_for_retry' && instance.tryNumber > 2 ? 'failed' : end);
    run.dirty.add(instance);
  }
  throw new Error('the run does not end');
}

const dagArbitrary = fc
  .array(fc.record({ rule: fc.constantFrom(...TRIGGER_RULES), upstream: fc.array(fc.nat(30), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((shapes) =>
    shapes.map(({ rule, upstream }, index) =>
      aTask(`t${index}`, {
        triggerRule: rule,
        upstream: [...new Set(upstream.map((number) => number % Math.max(1, index)))]
          .filter((number) => number < index)
          .map((number) => `t${number}`),
      }),
    ),
  );

describe('decideRun', () => {
  it('brings every random DAG to an end, and schedules nothing before its rule is met', () => {
    fc.assert(
      fc.property(dagArbitrary, fc.infiniteStream(fc.nat()), (tasks, stream) => {
        const numbers = stream[Symbol.iterator]();
        const run = aRun(tasks);
        const end = play(run, (bound) => (numbers.next().value as number) % bound);
        expect([...run.byId.values()].every((instance) => isFinished(instance.state))).toBe(true);
        const leaves = run.tasks
          .filter((state) => state.task.downstream.length === 0)
          .flatMap((state) => state.instances.map((one) => one.state));
        expect(end.state).toBe(leaves.some((state) => state === 'failed' || state === 'upstream_failed') ? 'failed' : 'success');
      }),
      { numRuns: 300 },
    );
  });

  it('costs the out-edges of what ended, not the size of the DAG', () => {
    const run = aRun([
      aTask('a'),
      aTask('b', { upstream: ['a'] }),
      ...Array.from({ length: 500 }, (_, index) => aTask(`other${index}`, { upstream: ['b'] })),
    ]);
    decideRun(run, 0);
    run.setState(run.byId.get('a') as Instance, 'success');
    expect(run.dirty.size).toBe(1);
  });

  it('keeps counters that a fresh load would give', () => {
    fc.assert(
      fc.property(dagArbitrary, fc.infiniteStream(fc.nat()), fc.nat(20), (tasks, stream, steps) => {
        const numbers = stream[Symbol.iterator]();
        const run = aRun(tasks);
        for (let step = 0; step < steps; step++) {
          if (decideRun(run, Number.MAX_SAFE_INTEGER).end) break;
          const instance = [...run.ready][0] as Instance;
          run.setState(instance, 'queued');
          run.setState(instance, ENDS[(numbers.next().value as number) % 5] as TaskInstanceState);
        }
        const rows = [...run.byId.values()].map(({ taskIndex, local: _, ...rest }) => ({
          ...rest,
          taskId: run.index.tasks[taskIndex]?.spec.taskId as string,
        }));
        const loaded = new RunModel(run.row, run.index, rows, new Map());
        expect(loaded.tasks.map((state) => state.upstream)).toEqual(run.tasks.map((state) => state.upstream));
        expect([loaded.unfinished, loaded.occupying]).toEqual([run.unfinished, run.occupying]);
      }),
      { numRuns: 200 },
    );
  });
});
