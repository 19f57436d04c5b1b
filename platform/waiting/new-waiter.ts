/** Makes the row of a waiter: arguments that hold a secret are encrypted, bound to their instance. */
import { isSensitiveKey } from '#core/sensitive-key.ts';
import { describeWaiter, type Waiter } from '#core/waiting/waiter.ts';
import type { NewWaiter } from '#platform/db/queries/waiting/new-waiter.ts';
import type { Envelope } from '#platform/secrets/envelope.ts';

/** Throws CONFIG_INVALID when there is a secret to keep and no WINDLASS_SECRET_KEY. */
export function newWaiter(secrets: { readonly envelope: Envelope }, taskInstanceId: string, waiter: Waiter): NewWaiter {
  const sealedArgs = holdsSecret(waiter.args) ? secrets.envelope.seal(placeOf(taskInstanceId), JSON.stringify(waiter.args)) : null;
  return { waiter, words: describeWaiter(waiter), sealedArgs };
}

/** The arguments that `newWaiter` sealed. */
export function openArgs(secrets: { readonly envelope: Envelope }, taskInstanceId: string, sealed: Buffer): Waiter['args'] {
  return JSON.parse(secrets.envelope.open(placeOf(taskInstanceId), sealed)) as Waiter['args'];
}

function placeOf(taskInstanceId: string) {
  return { table: 'waiter', id: taskInstanceId, column: 'args' } as const;
}

/** By the name of a key at any depth, or a URL with a query or a password. */
function holdsSecret(value: unknown, depth = 0): boolean {
  if (depth > 20) return true;
  if (typeof value === 'string') return /^[a-z][a-z\d+.-]*:\/\/(?:[^/]*@|.*\?)/i.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => isSensitiveKey(key) || holdsSecret(inner, depth + 1));
}
