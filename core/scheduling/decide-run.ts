/**
 * The brain: what has to happen next in one run. Pure: it changes only the model it is given and returns the
 * commands that make the database agree. It looks at what is dirty, so finishing a task costs its out-edges.
 */
import { assertNever } from '../errors.ts';
import { isFinished, TASK_INSTANCE_TRANSITIONS, type TaskInstanceEvent, type TaskInstanceState } from '../states.ts';
import { evaluateTriggerRule, type UpstreamCounts, type Verdict } from '../trigger-rules.ts';
import { addCounts } from './counts.ts';
import type { IndexedScope } from './dag-index.ts';
import { decideEnd, findDeadlock, type RunEnd } from './end-run.ts';
import { explainVerdict } from './explain.ts';
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

/** A mapped region whose list is known: make `length` instances of each of its tasks. */
export interface Expansion {
  readonly scopeId: string;
  readonly length: number;
  readonly placeholders: readonly Instance[];
}

export interface Decision {
  readonly moves: readonly Move[];
  readonly expansions: readonly Expansion[];
  /** The earliest instant at which a waiting try becomes due, ms since 1970; null = none waits. */
  readonly nextDueMs: number | null;
  readonly end: RunEnd | null;
}

/** Decides a run that is `running`. Moves are applied to the model as they are made. */
export function decideRun(run: RunModel, nowMs: number): Decision {
  const moves: Move[] = [];
  const expansions = findExpansions(run);
  const expanding = new Set(expansions.flatMap((expansion) => expansion.placeholders));
  const lookAtDirty = () => {
    for (const instance of run.dirty) {
      run.dirty.delete(instance);
      // Its instances are evaluated once they exist.
      if (expanding.has(instance)) continue;
      const move = decideInstance(run, instance, nowMs);
      if (move) {
        moves.push(move);
        run.setState(instance, move.to);
        instance.tryNumber += move.tryDelta;
        instance.reason = move.reason;
      }
    }
  };
  lookAtDirty();
  let end = expansions.length > 0 ? null : decideEnd(run);
  if (end === null && expansions.length === 0 && findDeadlock(run) !== null) {
    // Only after a look at everything: what was not looked at is no deadlock.
    run.markAllDirty();
    lookAtDirty();
    end = decideEnd(run) ?? findDeadlock(run);
  }
  return { moves, expansions, nextDueMs: nextDue(run, nowMs), end };
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
  const notChosen = findRefusal(run, state, instance);
  if (notChosen !== null) return moveFor('skip', run, state, instance, () => notChosen);
  const scope = state.task.scope;
  if (scope !== null && !state.expanded && run.mapLengths.get(scope.scopeId) === 0)
    return moveFor('skip', run, state, instance, () => 'the list to map over is empty');
  const setups = judgeIndirectSetups(run, state, instance);
  if (setups.verdict !== 'run') return moveFor(setups.verdict, run, state, instance, () => setups.reason);
  const counts = upstreamCounts(run, state, instance);
  const verdict = judgeRule(run, state, instance, counts);
  const waitsForList = scope !== null && !state.expanded && verdict === 'run';
  if (waitsForList) return decideMissingList(run, state, instance);
  return moveFor(verdict, run, state, instance, () => explainVerdict(run, state, instance, counts));
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

/** The rule would let it run, but its list will never come: the task that makes it ended without one. */
function decideMissingList(run: RunModel, state: TaskState, instance: Instance): Move | null {
  const source = run.index.scopes.find((entry) => entry.scope === state.task.scope)?.sourceIndex;
  if (source === undefined || source === null) return null;
  const producer = run.tasks[source] as TaskState;
  if (!producer.instances.every((made) => isFinished(made.state))) return null;
  return moveOf(instance, 'fail_upstream', `${producer.task.spec.taskId} ended without the list to map over`, 0);
}

function upstreamCounts(run: RunModel, state: TaskState, instance: Instance): UpstreamCounts {
  return tolerated(run, state, addCounts(state.upstream, instance.local));
}

/** Regions whose list is known now and whose tasks still are placeholders. */
function findExpansions(run: RunModel): readonly Expansion[] {
  const found: Expansion[] = [];
  for (const scope of run.index.scopes) {
    const length = run.mapLengths.get(scope.scope.scopeId);
    if (length === undefined || length === 0 || !sourceIsReady(run, scope)) continue;
    const placeholders = scope.taskIndexes
      .map((number) => run.tasks[number] as TaskState)
      .filter((state) => !state.expanded && state.instances[0]?.state === 'none')
      .map((state) => state.instances[0] as Instance);
    if (placeholders.length > 0) found.push({ scopeId: scope.scope.scopeId, length, placeholders });
  }
  return found;
}

function sourceIsReady(run: RunModel, scope: IndexedScope): boolean {
  if (scope.sourceIndex === null) return true;
  return (run.tasks[scope.sourceIndex] as TaskState).instances.every((instance) => instance.state === 'success');
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
