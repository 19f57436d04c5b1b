import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'give_up_waiters',
  text: 'update waiter set owner = null where owner = $1 and task_instance_id = any($2::uuid[])',
};

/**
 * giveUpWaiters    who: triggerer, for waiters that are its own and that it does not know: the answer to their claim was
 * lost on the way. Locks them. Zero rows = somebody else has seen to them meanwhile.
 */
export async function giveUpWaiters(db: Queryable, owner: string, taskInstanceIds: readonly string[]): Promise<void> {
  await db.query(STATEMENT, [owner, taskInstanceIds]);
}
