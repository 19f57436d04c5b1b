/** `trigger(id, dag, options)`: a task that starts a run of another DAG. */
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import { brandOf, DAG } from './brands.ts';
import type { TriggerPlan } from './definition.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, type Options, readOptions } from './make-task.ts';
import { durationMs, flag, oneOf, type Place } from './option-values.ts';
import { makeRef } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import { OWN_TRIGGER_OPTIONS, TRIGGER_OPTION_TABLE } from './trigger-options.ts';
import { checkOptions } from './unknown-option.ts';

const TEMPLATES = ['params', 'runId', 'logicalDate', 'note'] as const;

export function buildTrigger(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, target, given] = args;
  const options = readOptions('trigger', id, given ?? {});
  const where = `trigger "${String(id)}"`;
  checkOptions(where, options, TRIGGER_OPTION_TABLE);
  const taskOptions = Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(OWN_TRIGGER_OPTIONS, name)));
  const { params, conf, runId, logicalDate, note } = options;
  if (params !== undefined && conf !== undefined)
    throw new AppError('DAG_INVALID', `${where} has params and conf, which are the same; give one.`);
  const taskId = makeTask(context, {
    what: 'trigger',
    localId: id,
    kind: 'task',
    call: 'input',
    // Never called: `sdk/runtime/run-trigger.ts` does what there is to do.
    body: { run: () => undefined, definition: null },
    input: { params: params ?? conf ?? {}, runId, logicalDate, note },
    options: { templateFields: [...TEMPLATES], ...taskOptions },
    table: TASK_OPTION_TABLE,
    extra: { operator: 'trigger', trigger: readPlan(where, dagIdOf(where, target), options) },
  });
  return makeRef(taskHandle(context.draft, taskId));
}

function dagIdOf(where: string, target: unknown): string {
  const dagId = brandOf(target, DAG) === undefined ? target : (target as { readonly id: string }).id;
  if (isKey(dagId)) return dagId;
  throw new AppError('DAG_INVALID', `${where} needs a DAG, or the id of one: trigger("start_other", other, { params: { ... } }).`);
}

function readPlan(where: string, dagId: string, options: Options): TriggerPlan {
  const read = <T>(name: string, reader: (place: Place, value: unknown) => T): T | undefined =>
    options[name] === undefined ? undefined : reader({ where, name }, options[name]);
  const states = (place: Place, value: unknown) => (Array.isArray(value) ? value : [value]).map((one) => oneOf(place, one, DAG_RUN_STATES));
  const wait = read('wait', flag) ?? false;
  const useless = ['allowedStates', 'failedStates', 'every', 'timeout'].find((name) => !wait && options[name] !== undefined);
  if (useless !== undefined) throw new AppError('DAG_INVALID', `Option "${useless}" of ${where} is for wait: true.`);
  return {
    dagId,
    wait,
    allowedStates: read('allowedStates', states) ?? ['success'],
    failedStates: read('failedStates', states) ?? ['failed'],
    resetDagRun: read('resetDagRun', flag) ?? false,
    skipWhenAlreadyExists: read('skipWhenAlreadyExists', flag) ?? false,
    failWhenDagIsPaused: read('failWhenDagIsPaused', flag) ?? false,
    everyMs: read('every', durationMs) ?? null,
    timeoutMs: read('timeout', durationMs) ?? null,
  };
}
