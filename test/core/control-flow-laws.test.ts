/**
 * Goal: whatever the graph of setups, teardowns, branches, gates and empty tasks, a run ends, nothing starts before it may,
 * a teardown runs when its setup succeeded, and where the rules do not look at the order of things, it does not matter.
 * Method: random DAGs played to their end. What may start is said again here, from the states alone and without the
 * engine's links and counters.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '#core/dag-spec.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import type { RunEnd } from '#core/scheduling/end-run.ts';
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import { findStop, stoppable } from '#core/scheduling/stop-run.ts';
import { isFinished, isLegal, type TaskInstanceState } from '#core/states.ts';
import { countUpstream, evaluateTriggerRule, TRIGGER_RULES, type TriggerRule } from '#core/trigger-rules.ts';
import { aTask } from '#test/support/a-dag-spec.ts';
import { aRun, end, statesOf } from '#test/support/a-run.ts';

type Kind = 'task' | 'empty' | 'branch' | 'gate' | 'near_gate' | 'setup' | 'teardown';

interface Alphabet {
  readonly kinds: readonly Kind[];
  readonly rules: readonly TriggerRule[];
  readonly ends: readonly TaskInstanceState[];
}

/** A task and what becomes of it when it runs. */
interface Planned {
  readonly task: TaskSpec;
  readonly end: TaskInstanceState;
  /** Which of its direct downstream tasks a branch follows; whether a gate opens. */
  readonly choice: number;
}

const EVERYTHING: Alphabet = {
  kinds: ['task', 'task', 'task', 'empty', 'branch', 'gate', 'near_gate', 'setup', 'teardown'],
  rules: TRIGGER_RULES.filter((rule) => rule !== 'all_done_setup_success'),
  ends: ['success', 'success', 'success', 'failed', 'skipped'],
};

function plansOf({ kinds, rules, ends }: Alphabet): fc.Arbitrary<readonly Planned[]> {
  const shape = fc.record({
    kind: fc.constantFrom(...kinds),
    rule: fc.constantFrom(...rules),
    upstream: fc.array(fc.nat(30), { maxLength: 4 }),
    end: fc.constantFrom(...ends),
    choice: fc.nat(255),
  });
  return fc.array(shape, { minLength: 1, maxLength: 18 }).map((shapes) =>
    shapes.map(({ kind, rule, upstream, end: ended, choice }, index) => {
      const above = [...new Set(upstream.map((number) => number % Math.max(1, index)))].filter((number) => number < index);
      const followsSetup = above.some((number) => shapes[number]?.kind === 'setup');
      const own: Partial<TaskSpec> =
        kind === 'teardown'
          ? { isTeardown: true, triggerRule: 'all_done_setup_success' }
          : {
              triggerRule: followsSetup ? 'all_success' : rule,
              isSetup: kind === 'setup',
              kind: kind === 'near_gate' ? 'gate' : kind === 'setup' ? 'task' : kind,
              ignoreDownstreamTriggerRules: kind !== 'near_gate',
            };
      return { task: aTask(`t${index}`, { ...own, upstream: above.map((number) => `t${number}`) }), end: ended, choice };
    }),
  );
}

class World {
  readonly plans: readonly Planned[];
  readonly run: RunModel;
  readonly started = new Set<string>();

  constructor(plans: readonly Planned[], stopReason: string | null = null) {
    this.plans = plans;
    this.run = aRun(
      plans.map((plan) => plan.task),
      { spec: { dagrunTimeoutMs: 1_000 }, row: { stopReason } },
    );
  }

  state(id: string): TaskInstanceState {
    return (this.run.byId.get(id) as Instance).state;
  }

  spec(id: string): TaskSpec {
    return this.plans.find((plan) => plan.task.taskId === id)?.task as TaskSpec;
  }

  downstream(id: string): string[] {
    return this.plans.filter(({ task }) => task.upstream.includes(id)).map(({ task }) => task.taskId);
  }

  allBelow(id: string): Set<string> {
    const reached = new Set<string>();
    for (const todo = [id]; todo.length > 0; )
      for (const next of this.downstream(todo.pop() as string)) if (!reached.has(next)) todo.push(...(reached.add(next) && [next]));
    return reached;
  }

  teardownsOf(id: string): string[] {
    return this.downstream(id).filter((one) => this.spec(one).isTeardown);
  }

  /** Work that needs the setup, told from the graph alone. */
  scopeOf(setup: string): string[] {
    const teardowns = this.teardownsOf(setup);
    const inScope = (id: string) => teardowns.length === 0 || teardowns.some((teardown) => this.allBelow(id).has(teardown));
    return [...this.allBelow(setup)].filter((id) => !this.spec(id).isTeardown && inScope(id));
  }

  /** What the plan says a branch or gate follows. */
  followedBy({ task, choice }: Planned): readonly string[] | null {
    if (task.kind === 'gate') return choice % 2 === 0 ? null : [];
    if (task.kind !== 'branch') return null;
    return this.downstream(task.taskId).filter((_, index) => (choice >> (index % 8)) % 2 === 1);
  }

  /** Whether the task may start, from scratch. */
  mayStart(id: string): boolean {
    const task = this.spec(id);
    if (this.isRefused(id)) return false;
    if (!task.isTeardown && task.triggerRule !== 'always')
      for (const { task: setup } of this.plans)
        if (
          setup.isSetup &&
          this.scopeOf(setup.taskId).includes(id) &&
          this.state(setup.taskId) !== 'success' &&
          !task.upstream.includes(setup.taskId)
        )
          return false;
    const setups = task.upstream.filter((one) => this.spec(one).isSetup).map((one) => this.state(one));
    const counted = {
      total: setups.length,
      success: setups.filter((one) => one === 'success').length,
      skipped: setups.filter((one) => one === 'skipped').length,
    };
    return evaluateTriggerRule(task.triggerRule, countUpstream(task.upstream.map((one) => this.state(one))), counted) === 'run';
  }

  isRefused(id: string): boolean {
    const task = this.spec(id);
    return this.plans.some((plan) => {
      const { taskId, kind, ignoreDownstreamTriggerRules } = plan.task;
      const followed = this.started.has(taskId) && this.state(taskId) === 'success' ? this.followedBy(plan) : null;
      if (followed === null) return false;
      if (kind === 'gate') {
        if (task.isTeardown) return false;
        return ignoreDownstreamTriggerRules === false ? task.upstream.includes(taskId) : this.allBelow(taskId).has(id);
      }
      return task.upstream.includes(taskId) && !followed.includes(id) && !followed.some((one) => this.allBelow(one).has(id));
    });
  }

  /** Plays to the end, checking the laws at every step. `pick` chooses who ends next. */
  play(pick: (bound: number) => number, stopAtStep = Number.POSITIVE_INFINITY): RunEnd {
    for (let step = 0; step < 500; step++) {
      if (step === stopAtStep) this.stop();
      const before = statesOf(this.run);
      const decision = decideRun(this.run, 0);
      for (const move of decision.moves) {
        expect(isLegal(move.event, move.from)).toBe(true);
        if (move.event === 'schedule' || move.event === 'succeed_without_work') this.checkStart(move.instance.id);
        if (move.to === 'skipped' || move.to === 'upstream_failed')
          expect(move.reason, `${move.instance.id} in ${JSON.stringify(before)}`).toBeTruthy();
      }
      if (decision.end) return decision.end;
      const ready = [...this.run.ready];
      expect(ready.length, 'a run that has not ended has something to do').toBeGreaterThan(0);
      const { id } = ready[pick(ready.length)] as Instance;
      const plan = this.plans.find(({ task }) => task.taskId === id) as Planned;
      this.started.add(id);
      end(this.run, id, plan.end, plan.end === 'success' ? this.followedBy(plan) : null);
    }
    throw new Error('the run does not end');
  }

  checkStart(id: string): void {
    if (this.spec(id).kind === 'empty') this.started.add(id);
    expect(this.mayStart(id), `${id} starts in ${JSON.stringify(statesOf(this.run))}`).toBe(true);
    if (!this.spec(id).isTeardown) return;
    for (const setup of this.spec(id).upstream.filter((one) => this.spec(one).isSetup))
      for (const work of this.scopeOf(setup))
        if (this.allBelow(work).has(id)) expect(isFinished(this.state(work)), `${id} starts while ${work} has not ended`).toBe(true);
  }

  stop(): void {
    const stop = findStop(this.run, 2_000);
    if (stop === null) return;
    this.run.row.stopReason = stop.reason;
    for (const instance of stoppable(this.run)) this.run.setState(instance, 'skipped');
  }

  checkTeardowns(): void {
    for (const { task } of this.plans) {
      const setups = task.upstream.filter((one) => this.spec(one).isSetup);
      if (!task.isTeardown || this.isRefused(task.taskId) || !setups.some((one) => this.state(one) === 'success')) continue;
      expect(['success', 'failed', 'skipped'], `${task.taskId} of a setup that succeeded`).toContain(this.state(task.taskId));
      expect(this.started.has(task.taskId), `${task.taskId} of a setup that succeeded ran`).toBe(true);
    }
  }
}

const picker = (stream: fc.Stream<number>) => {
  const numbers = stream[Symbol.iterator]();
  return (bound: number) => (numbers.next().value as number) % bound;
};

describe('a random DAG of everything', () => {
  it('ends; nothing starts before it may, and what was set up is torn down', () => {
    fc.assert(
      fc.property(plansOf(EVERYTHING), fc.infiniteStream(fc.nat()), (plans, stream) => {
        const world = new World(plans);
        world.play(picker(stream));
        expect([...world.run.byId.values()].every((instance) => isFinished(instance.state))).toBe(true);
        world.checkTeardowns();
      }),
      { numRuns: 600 },
    );
  });

  it('fails when it is stopped, and still tears down what was set up', () => {
    fc.assert(
      fc.property(plansOf(EVERYTHING), fc.infiniteStream(fc.nat()), fc.nat(12), (plans, stream, stopAtStep) => {
        const world = new World(plans);
        const result = world.play(picker(stream), stopAtStep);
        if (world.run.row.stopReason) expect(result).toEqual({ state: 'failed', reason: world.run.row.stopReason });
        world.checkTeardowns();
      }),
      { numRuns: 400 },
    );
  });
});

describe('the order in which tasks end does not matter', () => {
  const orderFree = (alphabet: Alphabet) =>
    fc.assert(
      fc.property(plansOf(alphabet), fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.nat()), (plans, one, other) => {
        const [first, second] = [new World(plans), new World(plans)];
        expect(first.play(picker(one)).state).toBe(second.play(picker(other)).state);
        expect(statesOf(first.run)).toEqual(statesOf(second.run));
      }),
      { numRuns: 400 },
    );

  it('to any rule but all_success, which settles on the first skip or failure it sees', () => {
    const rules = TRIGGER_RULES.filter((rule) => rule !== 'all_success' && rule !== 'all_done_setup_success');
    orderFree({ kinds: ['task', 'task', 'empty'], rules, ends: EVERYTHING.ends });
  });

  it('to setups and teardowns, while nothing is skipped', () => {
    orderFree({
      kinds: ['task', 'task', 'setup', 'teardown', 'empty'],
      rules: ['all_success', 'none_failed', 'all_done'],
      ends: ['success', 'success', 'failed'],
    });
  });

  // Together they would: a branch settles a task at once, and what is below may end before a gate above both closes.
  it.each([
    ['branches', ['branch', 'near_gate']],
    ['gates', ['gate']],
  ] as const)('to %s whose downstream waits for all', (_, kinds) => {
    orderFree({ kinds: ['task', 'task', 'empty', ...kinds], rules: ['all_done'], ends: EVERYTHING.ends });
  });
});
