/**
 * The brain: what has to happen next in one run. Pure: it changes only the model it is given and returns the
 * commands that make the database agree. It looks at what is dirty, so finishing a task costs its out-edges.
 */
import { assertNever } from '../errors.ts';
import { isFinished, TASK_INSTANCE_TRANSITIONS, type TaskInstanceEvent, type TaskInstanceState } from '../states.ts';
import { evaluateTriggerRule, type UpstreamCounts, type Verdict } from '../trigger-rules.ts';
import { addCounts } from './counts.ts';
import type { IndexedScope } from './dag-index.ts';
import { explainVerdict } from './explain.ts';
import { waitsForPast } from './past.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';
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

export interface RunEnd {
  readonly state: 'success' | 'failed';
  readonly reason: string | null;
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
  return { moves, expansions, nextDueMs: nextDue(run, nowMs), end: expansions.length > 0 ? null : decideEnd(run) };
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
  const notChosen = findRefusal(run, state);
  if (notChosen !== null) return moveOf(instance, 'skip_by_rule', notChosen, 0);
  const scope = state.task.scope;
  if (scope !== null && !state.expanded && run.mapLengths.get(scope.scopeId) === 0)
    return moveOf(instance, 'skip_by_rule', 'the list to map over is empty', 0);
  const counts = upstreamCounts(run, state, instance);
  const verdict = evaluateTriggerRule(state.task.spec.triggerRule, counts);
  const waitsForList = scope !== null && !state.expanded && verdict === 'run';
  if (waitsForList) return decideMissingList(run, state, instance);
  return moveFor(verdict, run, state, instance, counts);
}

function moveFor(verdict: Verdict, run: RunModel, state: TaskState, instance: Instance, counts: UpstreamCounts): Move | null {
  switch (verdict) {
    case 'wait':
      return null;
    case 'run': {
      const past = waitsForPast(run.index, state, run.previous);
      if (past === null) return moveOf(instance, 'schedule', null, 1);
      run.held.set(instance, past);
      return null;
    }
    case 'skip':
      return moveOf(instance, 'skip_by_rule', explainVerdict(run, state, instance, counts), 0);
    case 'upstream_failed':
      return moveOf(instance, 'fail_upstream', explainVerdict(run, state, instance, counts), 0);
    default:
      return assertNever(verdict);
  }
}

/** The rule would let it run, but its list will never come: the task that makes it ended without one. */
function decideMissingList(run: RunModel, state: TaskState, instance: Instance): Move | null {
  const source = run.index.scopes.find((entry) => entry.scope === state.task.scope)?.sourceIndex;
  if (source === undefined || source === null) return null;
  const producer = run.tasks[source] as TaskState;
  if (!producer.instances.every((made) => isFinished(made.state))) return null;
  return moveOf(instance, 'fail_upstream', `${producer.task.spec.taskId} ended without the list to map over`, 0);
}

/** A branch or gate upstream that did not choose this task, in words; null = none. */
function findRefusal(run: RunModel, state: TaskState): string | null {
  for (const number of state.task.choosers) {
    const chooser = run.tasks[number] as TaskState;
    const choice = chooser.instances[0];
    if (choice?.state !== 'success' || choice.followed === null || choice.followed.includes(state.task.spec.taskId)) continue;
    return chooser.task.spec.kind === 'gate'
      ? `gate ${chooser.task.spec.taskId} is closed`
      : `branch ${chooser.task.spec.taskId} chose ${choice.followed.join(', ') || 'nothing'}`;
  }
  return null;
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

/** Nothing unfinished is left: the leaves decide. */
function decideEnd(run: RunModel): RunEnd | null {
  if (run.unfinished > 0) return null;
  const failed = run.tasks.filter(
    (state) => state.task.downstream.length === 0 && tolerated(run, null, state.own, state).failed + state.own.upstreamFailed > 0,
  );
  if (failed.length === 0) return { state: 'success', reason: null };
  const culprits = run.tasks.filter((state) => state.own.failed > 0).map((state) => state.task.spec.taskId);
  return {
    state: 'failed',
    reason:
      culprits.length > 0 ? `failed: ${listed(culprits)}` : `upstream failed: ${listed(failed.map((state) => state.task.spec.taskId))}`,
  };
}

function listed(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
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
