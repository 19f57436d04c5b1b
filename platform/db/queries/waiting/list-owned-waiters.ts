import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'list_owned_waiters',
  text: 'select task_instance_id as "taskInstanceId", lease_epoch as "leaseEpoch" from waiter where owner = $1',
};

/**
 * listOwnedWaiters    who: triggerer, every few seconds. Reads only.
 * A waiter missing from the answer ended (a person cleared its task) or has another owner: drop it. One it does not know
 * was claimed by a statement whose answer was lost: give it up.
 */
export async function listOwnedWaiters(
  db: Queryable,
  owner: string,
): Promise<readonly { readonly taskInstanceId: string; readonly leaseEpoch: number }[]> {
  return (await db.query<{ taskInstanceId: string; leaseEpoch: number }>(STATEMENT, [owner])).rows;
}
