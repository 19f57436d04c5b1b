/** An event has come for a task that waits for one: is it the one that is meant? If not, the task waits on. */
import type { AttemptContext, BodyResult } from '#core/task-protocol.ts';
import type { Ctx } from '../context.ts';
import type { DagDefinition, EventPlan, TaskDefinition } from '../definition.ts';
import { validateWith } from '../standard-schema.ts';
import { sensorDeferral } from './deferral.ts';
import type { TaskHost } from './task-host.ts';

interface Received {
  readonly eventId: number;
  readonly payload: unknown;
}

/** Rejects with what the author's `match` throws. */
export async function readEvent(
  dag: DagDefinition,
  task: TaskDefinition,
  plan: EventPlan,
  context: AttemptContext,
  host: TaskHost,
  ctx: Ctx<unknown>,
): Promise<{ readonly returned: unknown } | { readonly result: BodyResult }> {
  if (context.resumed === undefined) throw new Error(`"${task.id}" was not woken by an event`);
  const { eventId, payload } = context.resumed.event as Received;
  const checked = await validateWith(plan.schema, payload);
  if (checked.ok && (plan.match === null || (await plan.match(checked.value, ctx)))) return { returned: checked.value };
  if (checked.ok) host.log('info', `event ${eventId} does not match; waiting on`);
  else host.log('warning', `event ${eventId} does not fit the schema, and is passed over: ${checked.problems.join('; ')}`);
  const name = (task.input?.kind === 'literal' ? (task.input.value as { args: { name: string } }).args.name : '') || '';
  return { result: sensorDeferral(dag, task, context, { name, afterEventId: eventId }) };
}
