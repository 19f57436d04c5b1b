/** What stands in place of a handler: a trigger, an approval, a choice. */
import { buildTrigger } from '../build-trigger.ts';
import type { BuildContext } from '../make-task.ts';
import { invalid } from './invalid.ts';
import { placeHitl } from './place-hitl.ts';
import type { TaskRecord } from './records.ts';
import type { Arguments, Operator, TaskRef } from './types.ts';

const OPERATOR = Symbol.for('windlass.airflow-operator');

export function makeOperator<A extends Arguments, T>(operator: string, options: object): Operator<A, T> {
  return Object.defineProperty({ operator, options: { ...options } }, OPERATOR, { value: true }) as Operator<A, T>;
}

export function isOperator(value: unknown): value is Operator {
  return typeof value === 'object' && value !== null && OPERATOR in value;
}

/** Throws DAG_INVALID for options that are not known. */
export function placeOperator(
  context: BuildContext,
  task: TaskRecord,
  { operator, options }: Operator,
  input: Readonly<Record<string, unknown>>,
): void {
  if (operator === 'triggerDagRun') {
    buildTrigger(context, [task.localId, ...triggerArguments(task, options as unknown as TriggerDagRunSpec)]);
    return;
  }
  if (operator === 'approval' || operator === 'hitl') {
    placeHitl(context, task, operator, options, input);
    return;
  }
  throw invalid(`Task "${task.id}" of DAG "${context.draft.dagId}" has "${operator}" in place of a handler, which is not known.`);
}

export type DagRunState = 'queued' | 'running' | 'success' | 'failed';

export interface TriggerDagRunSpec {
  readonly dagId: string;
  readonly runId?: string;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly resetDagRun?: boolean;
  readonly waitForCompletion?: boolean;
  /** Seconds. */
  readonly pokeInterval?: number;
  readonly allowedStates?: readonly DagRunState[];
  readonly failedStates?: readonly DagRunState[];
  readonly skipWhenAlreadyExists?: boolean;
  readonly failWhenDagIsPaused?: boolean;
  readonly note?: string;
  readonly deferrable?: boolean;
}

/** `deferrable` says nothing here: waiting never takes a worker. */
function triggerArguments(task: TaskRecord, spec: TriggerDagRunSpec): readonly [string, Readonly<Record<string, unknown>>] {
  const { dagId, waitForCompletion: wait = false, pokeInterval, deferrable: _, allowedStates, failedStates, ...rest } = spec;
  const waiting = { wait, allowedStates, failedStates, every: pokeInterval === undefined ? undefined : pokeInterval * 1_000 };
  return [dagId, { ...task.options, ...rest, ...(wait ? waiting : {}) }];
}

/** A task that starts a run of another DAG: `dag.task(triggerDagRun({ dagId: "other" }), { taskId: "start_other" })()`. */
export function triggerDagRun(spec: TriggerDagRunSpec): Operator<void, TaskRef> {
  return makeOperator('triggerDagRun', spec);
}
