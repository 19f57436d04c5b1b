import type { Database } from '../../client.ts';

const STATEMENT = { name: 'reach_reserved', text: 'select true as "isThere"' };

/**
 * reachReserved    who: every role, before it starts. Locks nothing. Opens the connection that is kept for leases and heartbeats, whose
 * limits of time are short: the first heartbeat finds it there. Never zero rows; DATABASE_UNAVAILABLE when it cannot be had in time.
 */
export async function reachReserved({ reserved }: Pick<Database, 'reserved'>): Promise<void> {
  await reserved.query(STATEMENT, []);
}
