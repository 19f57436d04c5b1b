/**
 * The brain: what has to happen next in one run. Pure: it changes only the model it is given and returns the
 * commands that make the database agree. It looks at what is dirty, so finishing a task costs its out-edges.
 */
import { assertNever } from '../errors.ts';
import { TASK_INSTANCE_TRANSITIONS, type TaskInstanceEvent, type TaskInstanceState } from '../states.ts';
import { evaluateTriggerRule, type UpstreamCounts, type Verdict } from '../trigger-rules.ts';
import { addCounts } from './counts.ts';
import { decideEnd, findDeadlock, type RunEnd } from './end-run.ts';
import { explainVerdict } from './explain.ts';
import { type Expansion, findExpansions, findResizes, isEmptyRegion, type Resize, whyNoList } from './map-regions.ts';
import { waitsForPast } from './past.ts';
import { findRefusal } from './refusals.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';
import { countSetups, judgeIndirectSetups, scopeHasEnded } from './setup-rules.ts';
import { tolerated } from './tolerance.ts';

export interface Move {
  readonly instance: Instance;
  readonly event: TaskInstanceEvent;
  readonly from: TaskInstanceState;
  readonly to: TaskInstanceState;
  readonly reason: string | null;
  /** 1 when the move begins a new try. */
  readonly tryDelta: 0 | 1;
}

export interface Decision {
  readonly moves: readonly Move[];
  readonly expansions: readonly Expansion[];
  readonly resizes: readonly Resize[];
  /** The earliest instant at which a waiting try becomes due, ms since 1970; null = none waits. */
  readonly nextDueMs: number | null;
  readonly end: RunEnd | null;
}

/** Decides a run that is `running`. Moves are applied to the model as they are made. */
export function decideRun(run: RunModel, nowMs: number): Decision {
  const moves: Move[] = [];
  const expansions = findExpansions(run);
  const resizes = findResizes(run);
  const isComplete = expansions.length + resizes.length === 0;
  const changing = new Set([...expansions.flatMap(({ placeholders }) => placeholders), ...resizes.flatMap(surplusOf)]);
  const lookAtDirty = () => {
    for (const instance of whatToLookAt(run)) {
      run.dirty.delete(instance);
      // Decided once the region has the instances it should have.
      if (changing.has(instance)) continue;
      const move = decideInstance(run, instance, nowMs);
      if (move) {
        moves.push(move);
        if (move.to === 'scheduled') instance.readySinceMs = nowMs;
        run.setState(instance, move.to);
        instance.tryNumber += move.tryDelta;
        if (move.tryDelta > 0) instance.isResumed = false;
        instance.reason = move.reason;
      }
    }
  };
  lookAtDirty();
  let end = isComplete ? decideEnd(run) : null;
  if (end === null && isComplete && findDeadlock(run) !== null) {
    // Only after a look at everything: what was not looked at is no deadlock.
    run.markAllDirty();
    lookAtDirty();
    end = decideEnd(run) ?? findDeadlock(run);
  }
  return { moves, expansions, resizes, nextDueMs: nextDue(run, nowMs), end };
}

/** Until nothing is left: what is decided of one makes others worth a look. */
function* whatToLookAt(run: RunModel): Generator<Instance> {
  do {
    run.wakeWaiting();
    yield* run.dirty;
  } while (run.isWaking);
}

function surplusOf({ tasks, length }: Resize): readonly Instance[] {
  return tasks.flatMap((state) => state.instances.slice(length));
}

function decideInstance(run: RunModel, instance: Instance, nowMs: number): Move | null {
  switch (instance.state) {
    case 'none':
      return decideFirstTry(run, instance);
    case 'up_for_retry':
    case 'up_for_reschedule': {
      if (instance.nextTryAtMs !== null && instance.nextTryAtMs > nowMs) return null;
      return moveOf(instance, 'schedule', null, instance.state === 'up_for_retry' ? 1 : 0);
    }
    default:
      return null;
  }
}

function decideFirstTry(run: RunModel, instance: Instance): Move | null {
  const state = run.taskOf(instance);
  run.held.delete(instance);
  const outside = outsideOfWindow(run, state);
  if (outside !== null) return moveOf(instance, 'remove', outside, 0);
  const notChosen = findRefusal(run, state, instance);
  if (notChosen !== null) return moveFor('skip', run, state, instance, () => notChosen);
  const setups = judgeIndirectSetups(run, state, instance);
  if (setups.verdict !== 'run') return moveFor(setups.verdict, run, state, instance, () => setups.reason);
  const counts = upstreamCounts(run, state, instance);
  const verdict = judgeRule(run, state, instance, counts);
  if (state.task.scope !== null && !state.expanded && (verdict === 'run' || verdict === 'skip')) {
    if (isEmptyRegion(run, state)) return moveFor('skip', run, state, instance, () => 'the list to map over is empty');
    if (verdict === 'run') return decideMissingList(run, state, instance);
  }
  return moveFor(verdict, run, state, instance, () => explainVerdict(run, state, instance, verdict));
}

/** Why the run goes on without the task, in words; null = it does not. A run without a logical date has all tasks. */
function outsideOfWindow({ row }: RunModel, { task: { spec } }: TaskState): string | null {
  const { startDate, endDate } = spec;
  if (row.logicalDateMs === null || (startDate === undefined && endDate === undefined)) return null;
  if (startDate !== undefined && row.logicalDateMs < Date.parse(startDate))
    return `the run is for a date before the task's startDate, ${startDate}`;
  if (endDate !== undefined && row.logicalDateMs > Date.parse(endDate)) return `the run is for a date after the task's endDate, ${endDate}`;
  return null;
}

function judgeRule(run: RunModel, state: TaskState, instance: Instance, counts: UpstreamCounts): Verdict {
  const { triggerRule } = state.task.spec;
  if (triggerRule !== 'all_done_setup_success') return evaluateTriggerRule(triggerRule, counts);
  const verdict = evaluateTriggerRule(triggerRule, counts, countSetups(run, state, instance));
  return verdict === 'wait' || scopeHasEnded(run, state, instance) ? verdict : 'wait';
}

/** `reason`: of a skip or a failure upstream, in words. */
function moveFor(verdict: Verdict, run: RunModel, state: TaskState, instance: Instance, reason: () => string | null): Move | null {
  const { spec } = state.task;
  switch (verdict) {
    case 'wait':
      return null;
    case 'run':
      if (isHeldByPast(run, state, instance)) return null;
      return spec.kind === 'empty' ? moveOf(instance, 'succeed_without_work', null, 0) : moveOf(instance, 'schedule', null, 1);
    case 'skip':
      if (spec.waitForPastDependsBeforeSkipping && isHeldByPast(run, state, instance)) return null;
      return moveOf(instance, 'skip_by_rule', reason(), 0);
    case 'upstream_failed':
      return moveOf(instance, 'fail_upstream', reason(), 0);
    default:
      return assertNever(verdict);
  }
}

/** Notes why, in words. */
function isHeldByPast(run: RunModel, state: TaskState, instance: Instance): boolean {
  const past = waitsForPast(run, state);
  if (past === null) return false;
  run.held.set(instance, past);
  return true;
}

/** The rule would let it run, but its list may never come. */
function decideMissingList(run: RunModel, state: TaskState, instance: Instance): Move | null {
  const missing = whyNoList(run, state);
  return missing === null ? null : moveOf(instance, missing.upstream ? 'fail_upstream' : 'give_up', missing.reason, 0);
}

function upstreamCounts(run: RunModel, state: TaskState, instance: Instance): UpstreamCounts {
  return tolerated(run, state, addCounts(state.upstream, instance.local));
}

function nextDue(run: RunModel, nowMs: number): number | null {
  let next: number | null = null;
  for (const { nextTryAtMs } of run.timed)
    if (nextTryAtMs !== null && nextTryAtMs > nowMs && (next === null || nextTryAtMs < next)) next = nextTryAtMs;
  return next;
}

function moveOf(instance: Instance, event: TaskInstanceEvent, reason: string | null, tryDelta: 0 | 1): Move {
  return { instance, event, from: instance.state, to: TASK_INSTANCE_TRANSITIONS[event].to, reason, tryDelta };
}
