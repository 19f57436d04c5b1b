/** What a body's `defer(...)` comes to: a waiter as plain data, checked here so that the author reads what is wrong. */
import { parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { leavesOf } from '#core/mapping/list-expression.ts';
import type { AttemptContext, BodyResult } from '#core/task-protocol.ts';
import { holdsSecret } from '#core/waiting/holds-secret.ts';
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import { finalArgs, type WaitFacts, type WaitPlan } from '#core/waiting/plan.ts';
import { waiterOfSensor } from '#core/waiting/sensor-rules.ts';
import { parseWaiter, type Waiter } from '#core/waiting/waiter.ts';
import { brandOf, WAIT } from '../brands.ts';
import type { DagDefinition, TaskDefinition } from '../definition.ts';
import { serialiseList } from './serialise-list.ts';
import { hasTemplates } from './template/field-tree.ts';
import { encodeValue } from './value-codec.ts';

interface Asked {
  readonly wait: unknown;
  readonly timeout: unknown;
  readonly state: unknown;
  /** What the time limit brings; default: a failure. Not for authors. */
  readonly onTimeout?: Waiter['onTimeout'];
}

/** Throws DAG_INVALID when it is no wait, or one that no triggerer understands. */
export function deferralOf(where: string, deferred: unknown, context: AttemptContext): BodyResult {
  const { wait, timeout, state, onTimeout = null } = deferred as Asked;
  if (brandOf(wait, WAIT) === undefined)
    throw new AppError('DAG_INVALID', `${where} deferred for something that is no wait. Give it one: defer(waitFor("10m")).`);
  const timeoutMs = timeout === null ? null : parseDuration(timeout);
  if (timeout !== null && timeoutMs === null)
    throw new AppError('DAG_INVALID', `${where}: the timeout of defer must be a duration like "1h", but is ${JSON.stringify(timeout)}.`);
  return makeDeferral(where, wait as WaitPlan, context, { timeoutMs, onTimeout, state: encodeValue(state, `the state of ${where}`) });
}

/** The outcome of an attempt that waits for `plan` from now on. */
export function makeDeferral(where: string, plan: WaitPlan, context: AttemptContext, how: Partial<Waiter>): BodyResult {
  const { kind, args, everyMs } = plan;
  const parsed = parseWaiter({ kind, args: JSON.parse(JSON.stringify(finalArgs({ kind, args }, factsOf(context)))), everyMs, ...how });
  if ('problem' in parsed) throw new AppError('DAG_INVALID', `${where} cannot wait: ${parsed.problem}.`);
  return { outcome: 'defer', waiter: parsed.waiter };
}

export function factsOf(context: AttemptContext): WaitFacts {
  const logicalDateMs = Date.parse(context.logicalDate ?? context.runAfter);
  return {
    nowMs: Date.now(),
    logicalDateMs,
    intervalEndMs: context.dataIntervalEnd === null ? logicalDateMs : Date.parse(context.dataIntervalEnd),
  };
}

/** A ready-made sensor: its wait as it is known now, and the end it comes to. */
export function sensorDeferral(dag: DagDefinition, task: TaskDefinition, context: AttemptContext, args: WaiterArgs): BodyResult {
  const { sensor, wait } = task;
  if (sensor === null || wait === undefined) throw new AppError('DAG_INVALID', `"${task.id}" waits for nothing.`);
  const elapsedMs = context.firstStartedAt === null ? 0 : Math.max(0, Date.now() - Date.parse(context.firstStartedAt));
  const how = { ...waiterOfSensor(sensor), onFound: endsWithoutBody(dag, task) ? ('succeed' as const) : ('wake' as const) };
  const timeoutMs = Math.max(0, sensor.timeoutMs - elapsedMs);
  return makeDeferral(`"${task.id}"`, { ...wait, args }, context, { ...how, timeoutMs });
}

/** Nothing of the author's has to see what was found. */
function endsWithoutBody(dag: DagDefinition, task: TaskDefinition): boolean {
  const isMappedOver = dag.mapScopes.some(({ over }) =>
    leavesOf(serialiseList(over)).some((source) => source.from === 'task' && source.taskId === task.id),
  );
  const { checks, outlets, hooks } = task.settings;
  return task.event === undefined && checks.length === 0 && outlets.length === 0 && !hooks && !isMappedOver;
}

/** The wait of a task that needs no worker before it either; null when only a body can say what it is. */
export function startWaitOf(dag: DagDefinition, task: TaskDefinition): WaitPlan | null {
  const { wait, input, settings } = task;
  if (wait === undefined || settings.when !== null || settings.hooks || input?.kind !== 'literal' || hasTemplates(task)) return null;
  const args = JSON.parse(JSON.stringify((input.value as { readonly args: WaiterArgs }).args)) as WaiterArgs;
  return holdsSecret(args) ? null : { ...wait, args, ...(endsWithoutBody(dag, task) ? {} : { onFound: 'wake' }) };
}
