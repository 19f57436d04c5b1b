/** Makes one call of a callback in a task process: finds its code in the bundle, and tells it what happened. */
import type { BodyResult, CallbackCall, RunMessage } from '#core/task-protocol.ts';
import { brandOf, NOTIFIER } from '../brands.ts';
import type { Callback, CallbackCtx, CallbackEvent } from '../callback-event.ts';
import type { DagDefinition } from '../definition.ts';
import type { NotifierParts } from '../notifier.ts';
import { Fatal } from '../outcomes.ts';
import { validateWith } from '../standard-schema.ts';
import { AssetDesk } from './asset-desk.ts';
import { resultOfThrown } from './body-error.ts';
import { makeContext } from './context.ts';
import { renderFields } from './render-fields.ts';
import type { TaskHost } from './task-host.ts';
import { Templates } from './templates.ts';

/** Never rejects: success, or failed with what the callback threw. */
export async function runCallback(dag: DagDefinition, message: RunMessage, call: CallbackCall, host: TaskHost): Promise<BodyResult> {
  try {
    const callback = findCallback(dag, message.context.taskId, call);
    // A callback tells of failures too, such as of params that do not fit: they are then told as they are.
    const raw = message.context.params ?? {};
    const checked = dag.params === null ? null : await validateWith(dag.params, raw);
    const params = checked?.ok ? checked.value : raw;
    const templates = new Templates({
      attempt: message.context,
      params,
      macros: dag.macros,
      host,
      own: dag.settings.templates,
      files: dag.templateFiles,
    });
    const ctx = makeContext(
      message.context,
      params,
      dag.macros,
      host,
      templates,
      new AssetDesk(dag, null, host, message.context.scratchFolder),
    );
    await invoke(callback, eventOf(message, call, ctx));
    return { outcome: 'success', value: null, bytes: 4, followed: null, mapLengths: {}, checks: [] };
  } catch (thrown) {
    return resultOfThrown(thrown, null);
  }
}

/** Calls it, whichever form it has. Rejects with what it threw. */
export async function invoke(callback: Callback, event: CallbackEvent): Promise<void> {
  const parts = brandOf(callback, NOTIFIER) as NotifierParts | undefined;
  if (parts === undefined) {
    await (callback as (event: CallbackEvent) => unknown)(event);
    return;
  }
  const { reason, message, error, url, task, deadline, request } = event;
  const values = { reason, message, error, url, task, deadline, request, event: { reason, message, error, url, task, deadline, request } };
  const fields: Record<string, unknown> = { ...parts.fields };
  for (const name of parts.templateFields) fields[name] = await renderFields(fields[name], (text) => event.ctx.template(text, values));
  await parts.send(fields, event);
}

function findCallback(dag: DagDefinition, taskId: string, call: CallbackCall): Callback {
  const lists =
    call.kind === 'on_deadline'
      ? dag.settings.deadlines?.[call.slot]?.callbacks
      : (call.ofTask ? dag.tasks.get(taskId)?.settings.callbacks : dag.settings.callbacks)?.[call.kind];
  const callback = lists?.[call.position];
  if (callback === undefined) throw new Fatal('This version of the DAG file has no such callback.');
  return callback;
}

function eventOf(message: RunMessage, call: CallbackCall, ctx: CallbackCtx): CallbackEvent {
  const { taskId, tryNumber, mapIndex } = message.context;
  return {
    reason: call.reason,
    message: call.message,
    error: call.error,
    task: call.ofTask ? { id: taskId, attempt: tryNumber, mapIndex } : null,
    url: call.url,
    at: new Date(call.at),
    deadline: call.deadline === null ? null : { name: call.deadline.name, due: new Date(call.deadline.due) },
    request: call.request,
    ctx,
  };
}
