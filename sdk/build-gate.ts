/** Gates, among them latestOnly, and tasks that do nothing. */
import type { Ctx } from './context.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, type Options, readBody, readInput, readOptions } from './make-task.ts';
import { flag } from './option-values.ts';
import { makeNode } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

const GATE_OPTION_TABLE: OptionTable = { ...TASK_OPTION_TABLE, ignoreDownstreamTriggerRules: 'known' };

export function buildGate(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, input, test, given] = args;
  const options = readOptions('gate', id, given);
  const ignore = options['ignoreDownstreamTriggerRules'];
  const place = { where: `gate "${String(id)}"`, name: 'ignoreDownstreamTriggerRules' };
  const taskId = makeTask(context, {
    what: 'gate',
    localId: id,
    kind: 'gate',
    call: 'input',
    body: readBody('gate', id, test),
    input: readInput('gate', id, input),
    options,
    table: GATE_OPTION_TABLE,
    extra: { ignoreDownstreamTriggerRules: ignore === undefined ? true : flag(place, ignore) },
  });
  return nodeOf(context, taskId);
}

/** A gate that is open in the newest run only. As in Airflow, what follows indirectly goes by its own trigger rule. */
export function buildLatestOnly(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, options] = args;
  const taskId = makeTask(context, {
    what: 'latestOnly',
    localId: id,
    kind: 'gate',
    call: 'context',
    body: { run: (ctx) => (ctx as Ctx<unknown>).run.isLatest, definition: null },
    input: undefined,
    options: readOptions('latestOnly', id, options),
    table: TASK_OPTION_TABLE,
    extra: { operator: 'latest_only', ignoreDownstreamTriggerRules: false },
  });
  return nodeOf(context, taskId);
}

/** What only a worker can do, also for a task that has no body. */
const NEEDS_WORKER = /^(outlets|inlets|when|checks|preExecute|postExecute|onExecuteCallback|onSuccessCallback)$/;

export function buildEmpty(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, given] = args;
  const options = readOptions('empty', id, given);
  const taskId = makeTask(context, {
    what: 'empty',
    localId: id,
    kind: needsWorker({ ...context.defaultArgs, ...options }) ? 'task' : 'empty',
    call: 'context',
    body: { run: () => undefined, definition: null },
    input: undefined,
    options,
    table: TASK_OPTION_TABLE,
    extra: { operator: 'empty' },
  });
  return nodeOf(context, taskId);
}

function needsWorker(options: Options): boolean {
  return Object.entries(options).some(([name, value]) => value !== undefined && value !== null && NEEDS_WORKER.test(name));
}

function nodeOf({ draft }: BuildContext, taskId: string): unknown {
  return makeNode({ ...taskHandle(draft, taskId), source: null }, {});
}
