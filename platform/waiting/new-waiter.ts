/** Makes the row of a waiter: arguments that hold a secret are encrypted, bound to their instance. */
import { holdsSecret } from '#core/waiting/holds-secret.ts';
import { describeWaiter, type Waiter } from '#core/waiting/waiter.ts';
import type { NewWaiter } from '#platform/db/queries/waiting/new-waiter.ts';
import type { Envelope } from '#platform/secrets/envelope.ts';

/** What a person is asked is no secret, whatever its fields are called. Throws CONFIG_INVALID when there is a secret to keep and no WINDLASS_SECRET_KEY. */
export function newWaiter(secrets: { readonly envelope: Envelope }, taskInstanceId: string, waiter: Waiter): NewWaiter {
  const sealedArgs =
    waiter.kind !== 'answer' && holdsSecret(waiter.args)
      ? secrets.envelope.seal(placeOf(taskInstanceId), JSON.stringify(waiter.args))
      : null;
  return { waiter, words: describeWaiter(waiter), sealedArgs };
}

/** The arguments that `newWaiter` sealed. */
export function openArgs(secrets: { readonly envelope: Envelope }, taskInstanceId: string, sealed: Buffer): Waiter['args'] {
  return JSON.parse(secrets.envelope.open(placeOf(taskInstanceId), sealed)) as Waiter['args'];
}

function placeOf(taskInstanceId: string) {
  return { table: 'waiter', id: taskInstanceId, column: 'args' } as const;
}
