/** `sensor(...)`: a check that is made again and again, or a wait that a triggerer looks after. */

import type { SensorSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { WaiterKind } from '#core/waiting/kinds.ts';
import type { WaitPlan } from '#core/waiting/plan.ts';
import { brandOf, TASK_DEFINITION, WAIT } from './brands.ts';
import type { TaskDef } from './define-task.ts';
import type { EventPlan } from './definition.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, type Options, readBody, readInput, readOptions } from './make-task.ts';
import { durationMs, flag, oneOf, type Place, positiveNumber } from './option-values.ts';
import { makeRef } from './ref.ts';
import { SENSOR_DEFAULTS, SENSOR_OPTION_TABLE, WAIT_SENSOR_OPTION_TABLE } from './sensor-options.ts';

export function buildSensor(context: BuildContext, args: readonly unknown[]): unknown {
  if (args.slice(1, 3).some((arg) => brandOf(arg, TASK_DEFINITION) !== undefined)) return buildSensorBlock(context, args);
  const [id, check, given] = args;
  const options = readOptions('sensor', id, given);
  const where = `sensor "${String(id)}"`;
  const taskId =
    brandOf(check, WAIT) === undefined
      ? makeCheck(context, id, check, options, where)
      : makeWaiting(context, id, check as WaitPlan, options, where);
  return makeRef(taskHandle(context.draft, taskId));
}

function makeCheck(context: BuildContext, id: unknown, check: unknown, options: Options, where: string): string {
  return makeTask(context, {
    what: 'sensor',
    localId: id,
    kind: 'sensor',
    call: 'context',
    body: readBody('sensor', id, check),
    input: undefined,
    options,
    table: SENSOR_OPTION_TABLE,
    extra: { sensor: readSensor(where, options) },
  });
}

/** `sensor(id, block, options)` or `sensor(id, input, block, options)`; what the block says of its waits holds unless the call says otherwise. */
function buildSensorBlock(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, second, third, fourth] = args;
  const direct = brandOf(second, TASK_DEFINITION) !== undefined;
  const options = readOptions('sensor', id, direct ? third : fourth);
  const block = (direct ? second : third) as TaskDef<unknown, unknown>;
  const taskId = makeTask(context, {
    what: 'sensor',
    localId: id,
    kind: 'sensor',
    call: 'input',
    body: readBody('sensor', id, block),
    input: direct ? {} : readInput('sensor', id, second),
    options,
    table: SENSOR_OPTION_TABLE,
    extra: { sensor: readSensor(`sensor "${String(id)}"`, { ...block.options, ...options }) },
  });
  return makeRef(taskHandle(context.draft, taskId));
}

const OPERATORS: Readonly<Record<WaiterKind, string>> = {
  time: 'time_sensor',
  http: 'http_sensor',
  file: 'file_sensor',
  sql: 'sql_sensor',
  external_task: 'external_task_sensor',
  dag_run: 'dag_run_sensor',
  event: 'event',
  answer: 'answer',
};

/** `event`: of waitForEvent, whose schema and match look at what was found. */
export function makeWaiting(
  context: BuildContext,
  id: unknown,
  plan: WaitPlan,
  options: Options,
  where: string,
  event?: EventPlan,
): string {
  const sensor = readSensor(where, options);
  return makeTask(context, {
    what: event === undefined ? 'sensor' : 'waitForEvent',
    localId: id,
    kind: 'sensor',
    call: 'input',
    // Never called: `sdk/runtime/deferral.ts` does what there is to do.
    body: { run: () => undefined, definition: null },
    input: { args: plan.args },
    options: { ...options, templateFields: ['args'] },
    table: { ...WAIT_SENSOR_OPTION_TABLE, templateFields: 'known', ...(event && { schema: 'known', match: 'known' }) },
    extra: {
      operator: OPERATORS[plan.kind],
      sensor,
      ...(event === undefined ? {} : { event }),
      wait: { kind: plan.kind, everyMs: options['every'] === undefined ? plan.everyMs : sensor.everyMs },
    },
  });
}

function readSensor(where: string, options: Options): SensorSpec {
  const read = <T>(name: string, reader: (place: Place, value: unknown) => T): T | undefined =>
    options[name] === undefined ? undefined : reader({ where, name }, options[name]);
  const softFail = read('softFail', flag);
  const neverFail = read('neverFail', flag);
  if (softFail && neverFail) throw new AppError('DAG_INVALID', `${where} has softFail and neverFail; choose one.`);
  const maxWaitMs = read('maxWait', durationMs);
  const mode = read('mode', (place, value) => oneOf(place, value, ['reschedule', 'poke']));
  return {
    everyMs: Math.max(100, read('every', durationMs) ?? SENSOR_DEFAULTS.everyMs),
    timeoutMs: read('timeout', durationMs) ?? SENSOR_DEFAULTS.timeoutMs,
    onTimeout: read('onTimeout', (place, value) => oneOf(place, value, ['fail', 'skip'])) ?? 'fail',
    backoff: read('backoff', readBackoff) ?? 1,
    ...(maxWaitMs === undefined ? {} : { maxWaitMs }),
    ...(mode === 'poke' ? { mode } : {}),
    ...(softFail ? { softFail } : {}),
    ...(neverFail ? { neverFail } : {}),
    ...(read('silentFail', flag) ? { silentFail: true } : {}),
  };
}

function readBackoff(place: Place, value: unknown): number {
  return typeof value === 'boolean' ? (value ? 2 : 1) : positiveNumber(place, value, 1);
}
