/** `waitForEvent(id, name, options)`: a task that waits for an event somebody sends. */
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { makeWaiting } from './build-sensor.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, readOptions } from './make-task.ts';
import { func } from './option-values.ts';
import { makeRef } from './ref.ts';
import { isStandardSchema } from './standard-schema.ts';

export function buildEvent(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, name, given] = args;
  const where = `waitForEvent "${String(id)}"`;
  const options = readOptions('waitForEvent', id, given ?? {});
  if (!isKey(name)) throw new AppError('DAG_INVALID', `${where} needs the name of its event: letters, digits and _ . - (at most 250).`);
  const { schema, match } = options;
  if (!isStandardSchema(schema)) throw new AppError('DAG_INVALID', `${where} needs a schema of its event: schema: z.object({ ... }).`);
  if (options['timeout'] === undefined) throw new AppError('DAG_INVALID', `${where} needs a timeout: an event may never come.`);
  const event = { schema, match: match === undefined ? null : func({ where, name: 'match' }, match) };
  const taskId = makeWaiting(context, id, { kind: 'event', args: { name }, everyMs: null }, options, where, event);
  return makeRef(taskHandle(context.draft, taskId));
}
