/** Runs one attempt of one task: the body's whole life between the supervisor's `run` and its `result`. */
import { SPEC_LIMITS } from '#core/dag-spec.ts';
import type { BodyResult, RunMessage } from '#core/task-protocol.ts';
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import { brandOf, OUTCOME } from '../brands.ts';
import type { Ctx } from '../context.ts';
import { API_VERSION, type DagDefinition, type InputTree, type TaskDefinition } from '../definition.ts';
import { Fatal } from '../outcomes.ts';
import { validateWith } from '../standard-schema.ts';
import { AssetDesk } from './asset-desk.ts';
import { withWriteListener } from './asset-writes.ts';
import { resultOfThrown } from './body-error.ts';
import { withBodyHooks } from './body-hooks.ts';
import { makeContext } from './context.ts';
import { decidedOf } from './decided.ts';
import { deferralOf, sensorDeferral } from './deferral.ts';
import { makeItem } from './make-item.ts';
import { measureLists } from './measure-lists.ts';
import { readDecision } from './read-decision.ts';
import { readEvent } from './read-event.ts';
import { resolveInput, type Values } from './resolve-input.ts';
import { runChecks, withChecks } from './run-checks.ts';
import { runSensor } from './run-sensor.ts';
import { runTrigger, type TriggerInput } from './run-trigger.ts';
import { withSyncListener } from './sync-reports.ts';
import type { TaskHost } from './task-host.ts';
import { Templates } from './templates.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

type Success = Extract<BodyResult, { outcome: 'success' }>;

/** Never rejects: whatever happens becomes a BodyResult. */
export async function runTask(dag: DagDefinition, message: RunMessage, host: TaskHost): Promise<BodyResult> {
  const task = dag.tasks?.get(message.context.taskId);
  try {
    if (dag.apiVersion !== API_VERSION)
      throw new Fatal(
        `This DAG version was made by an sdk of API version ${String(dag.apiVersion)}; this worker knows ${API_VERSION}. Update the worker.`,
      );
    if (task === undefined) throw new Fatal(`DAG "${dag.id}" has no task "${message.context.taskId}" in this version.`);
    return await runBody(dag, task, message, host);
  } catch (thrown) {
    return withChecks(resultOfThrown(thrown, task?.settings.retryPolicy ?? null, task?.settings.retryDelayMs), thrown);
  }
}

async function runBody(dag: DagDefinition, task: TaskDefinition, message: RunMessage, host: TaskHost): Promise<BodyResult> {
  const values = await readValues(dag, task, message);
  const templates = new Templates({
    attempt: message.context,
    params: values.params,
    macros: dag.macros,
    host,
    own: dag.settings.templates,
    files: dag.templateFiles,
  });
  const assets = new AssetDesk(dag, task, host, message.context.scratchFolder);
  const context = makeContext(message.context, values.params, dag.macros, host, templates, assets);
  const given = await readInput(task, await templates.renderFields(task), values);
  const isResumed = message.context.resumed !== undefined;
  if (task.settings.when !== null && !isResumed && !(await task.settings.when(given.forHooks, context)))
    return { outcome: 'skipped', reason: 'its when condition was false' };
  const mapLabel = readLabel(task, values.item);
  if (task.wait !== undefined && !isResumed)
    return sensorDeferral(dag, task, message.context, (given.input as { readonly args: WaiterArgs }).args);
  let notYet: BodyResult | null = null;
  const returned = await withBodyHooks(task.settings.hooks, { attempt: message.context, ctx: context, host }, async () => {
    if (task.event !== undefined) {
      const seen = await readEvent(dag, task, task.event, message.context, host, context);
      if ('returned' in seen) return seen.returned;
      notYet = seen.result;
      return undefined;
    }
    if (task.wait !== undefined) return context.event?.value;
    if (task.trigger !== undefined) {
      const triggered = await runTrigger(task, task.trigger, message.context, host, given.input as TriggerInput);
      if ('returned' in triggered) return triggered.returned;
      notYet = triggered.result;
      return undefined;
    }
    const body = () => withSyncListener(message.context.hearsSyncs === true ? host : null, () => call(task, given, context));
    const checked = await runSensor(
      task,
      message,
      host,
      assets.versions.isListening || assets.versions.trace !== null ? () => withWriteListener(assets.versions, body) : body,
    );
    if ('returned' in checked) return checked.returned;
    notYet = checked.result;
    return undefined;
  });
  if (notYet !== null) return notYet;
  if (brandOf(returned, OUTCOME) === 'defer') return deferralOf(`"${task.id}"`, returned, message.context);
  const result = await readResult({ dag, task, message, host }, returned);
  const emissions = await assets.emissions();
  return { ...result, ...(mapLabel !== null && { mapLabel }), ...(emissions.length > 0 && { assets: emissions }) };
}

async function readValues(dag: DagDefinition, task: TaskDefinition, message: RunMessage): Promise<Values> {
  const inputs = new Map(Object.entries(message.inputs).map(([id, value]) => [id, decodeValue(value)]));
  const scope = dag.mapScopes.find((one) => one.id === task.mapScope);
  const item =
    scope === undefined || message.item === undefined ? undefined : await makeItem(scope.over, message.context.mapIndex, message.item);
  const raw = message.context.params ?? {};
  if (dag.params === null) return { params: raw, item, inputs };
  const checked = await validateWith(dag.params, raw);
  if (!checked.ok)
    throw new Fatal(`The run's params do not fit the DAG: ${checked.problems.join('; ')}. Trigger it again with other params.`);
  return { params: withOwnParams(task, checked.value, raw), item, inputs };
}

/** A schema passes on what it knows; the task's own params it may not know. */
function withOwnParams(task: TaskDefinition, checked: unknown, raw: unknown): unknown {
  const own = Object.keys(task.settings.params ?? {});
  if (own.length === 0 || typeof checked !== 'object' || checked === null) return checked;
  return { ...Object.fromEntries(own.map((name) => [name, (raw as Record<string, unknown>)[name]])), ...checked };
}

interface Given {
  readonly input: unknown;
  readonly item: unknown;
  /** What `when` sees: the item of a mapped task, else the inputs. */
  readonly forHooks: unknown;
}

async function readInput(task: TaskDefinition, tree: InputTree | null, values: Values): Promise<Given> {
  const mapped = task.call === 'item' || task.call === 'item_input';
  let input = tree === null ? {} : resolveInput(tree, values);
  let item = values.item;
  if (task.inputSchema !== null) {
    const checked = await validateWith(task.inputSchema, task.call === 'item' ? item : input);
    if (!checked.ok)
      throw new Fatal(`The inputs of "${task.id}" do not fit its definition "${task.operator}": ${checked.problems.join('; ')}.`);
    if (task.call === 'item') item = checked.value;
    else input = checked.value;
  }
  return { input, item, forHooks: mapped ? item : input };
}

function call(task: TaskDefinition, { input, item }: Given, context: Ctx<unknown>): unknown {
  switch (task.call) {
    case 'context':
      return task.run(context);
    case 'input':
      return task.run(input, context);
    case 'item':
      return task.run(item, context);
    case 'item_input':
      return task.run(item, input, context);
  }
}

function readLabel(task: TaskDefinition, item: unknown): string | null {
  if (task.label === null) return null;
  try {
    return String(task.label(item)).slice(0, SPEC_LIMITS.idLengthChars);
  } catch {
    // A label is decoration: the instance then shows its index.
    return null;
  }
}

interface Attempted {
  readonly dag: DagDefinition;
  readonly task: TaskDefinition;
  readonly message: RunMessage;
  readonly host: TaskHost;
}

async function readResult({ dag, task, message, host }: Attempted, returned: unknown): Promise<Success> {
  const decided = decidedOf(task, returned);
  const checks = await runChecks(task, decided === null ? returned : decided.value);
  const { value, followed } = decided ?? readDecision(task, returned);
  if (task.settings.multipleOutputs) await pushParts(task, value, host);
  const encoded = task.settings.doXcomPush === false ? undefined : encodeValue(value, `the result of "${task.id}"`);
  return {
    outcome: 'success',
    value: encoded,
    bytes: encoded === undefined ? 0 : Buffer.byteLength(JSON.stringify(encoded)),
    followed,
    mapLengths: measureLists(dag, task.id, encoded, message.mapLengthMax ?? SPEC_LIMITS.mappedInstances),
    checks,
  };
}

/** multipleOutputs: each key of the result is an XCom of its own. */
async function pushParts(task: TaskDefinition, returned: unknown, host: TaskHost): Promise<void> {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned))
    throw new Fatal(
      `"${task.id}" has multipleOutputs, so it must return an object, not ${Array.isArray(returned) ? 'a list' : String(returned)}.`,
    );
  for (const [key, value] of Object.entries(returned))
    await host.request({ what: 'xcom_push', key, value: encodeValue(value, `"${key}" of the result of "${task.id}"`) });
}
