/** What an author wants called around a body: before it, after it, and when it is killed. */
import type { AttemptContext } from '#core/task-protocol.ts';
import type { BodyHooks } from '../callback-options.ts';
import type { Ctx } from '../context.ts';
import { reportOf } from './body-error.ts';
import { invoke } from './run-callback.ts';
import type { TaskHost } from './task-host.ts';

/**
 * preExecute and postExecute belong to the body: what they throw fails the try. onExecuteCallback and onKill only
 * look on: what they throw is told in the log.
 */
export async function withBodyHooks(
  hooks: BodyHooks | null | undefined,
  at: { readonly attempt: AttemptContext; readonly ctx: Ctx<unknown>; readonly host: TaskHost },
  body: () => unknown,
): Promise<unknown> {
  if (!hooks) return body();
  const { attempt, ctx, host } = at;
  const onKill = () => void runAside(hooks.onKill, 'onKill', at);
  host.signal.addEventListener('abort', onKill, { once: true });
  try {
    for (const hook of hooks.preExecute) await hook(ctx);
    for (const callback of hooks.onExecute)
      await aside('onExecuteCallback', host, () =>
        invoke(callback, {
          reason: 'success',
          message: null,
          error: null,
          task: { id: attempt.taskId, attempt: attempt.tryNumber, mapIndex: attempt.mapIndex },
          url: attempt.url ?? '',
          at: new Date(),
          deadline: null,
          request: null,
          ctx,
        }),
      );
    const returned = await body();
    for (const hook of hooks.postExecute) await hook(ctx, returned);
    return returned;
  } finally {
    host.signal.removeEventListener('abort', onKill);
  }
}

async function runAside(
  list: BodyHooks['onKill'],
  name: string,
  { ctx, host }: { readonly ctx: Ctx<unknown>; readonly host: TaskHost },
): Promise<void> {
  for (const hook of list) await aside(name, host, () => hook(ctx));
}

async function aside(name: string, host: TaskHost, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (thrown) {
    const { stack, message } = reportOf(thrown);
    host.log('error', `${name} failed: ${stack || message}`);
  }
}
