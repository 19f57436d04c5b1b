/** Makes the row of a waiter: arguments that hold a secret are encrypted, bound to their instance. */
import { holdsSecret } from '#core/waiting/holds-secret.ts';
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import { describeWaiter, type Waiter } from '#core/waiting/waiter.ts';
import type { NewWaiter } from '#platform/db/queries/waiting/new-waiter.ts';
import type { Envelope } from '#platform/secrets/envelope.ts';

/**
 * What a person is asked is no secret, whatever its fields are called. `mask` hides the secrets that are known in all that is
 * shown: the words, and a question. Throws CONFIG_INVALID when there is a secret to keep and no WINDLASS_SECRET_KEY.
 */
export function newWaiter(
  secrets: { readonly envelope: Envelope },
  taskInstanceId: string,
  asked: Waiter,
  mask: (text: string) => string = (text) => text,
): NewWaiter {
  const { onTimeout } = asked;
  const waiter = {
    ...asked,
    ...(asked.kind === 'answer' && { args: maskedQuestion(asked.args, mask) }),
    ...(onTimeout?.end === 'fail' && {
      onTimeout: { ...onTimeout, error: { ...onTimeout.error, message: mask(onTimeout.error.message) } },
    }),
  };
  const sealedArgs =
    waiter.kind !== 'answer' && holdsSecret(waiter.args)
      ? secrets.envelope.seal(placeOf(taskInstanceId), JSON.stringify(waiter.args))
      : null;
  return { waiter, words: mask(describeWaiter(waiter)), sealedArgs };
}

/** Subject and body only: the options are what an answer is compared with. */
function maskedQuestion(args: WaiterArgs, mask: (text: string) => string): WaiterArgs {
  const { subject, details } = args as { readonly subject?: unknown; readonly details?: Readonly<Record<string, unknown>> };
  const said = (value: unknown) => (typeof value === 'string' ? mask(value) : value);
  return {
    ...args,
    ...(subject !== undefined && { subject: said(subject) }),
    ...(details && { details: { ...details, body: said(details['body']) } }),
  };
}

/** The arguments that `newWaiter` sealed. */
export function openArgs(secrets: { readonly envelope: Envelope }, taskInstanceId: string, sealed: Buffer): Waiter['args'] {
  return JSON.parse(secrets.envelope.open(placeOf(taskInstanceId), sealed)) as Waiter['args'];
}

function placeOf(taskInstanceId: string) {
  return { table: 'waiter', id: taskInstanceId, column: 'args' } as const;
}
