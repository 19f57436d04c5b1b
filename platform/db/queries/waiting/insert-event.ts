import type { Queryable } from '../../client.ts';

export interface ReceivedEvent {
  readonly event_id: number;
  readonly name: string;
  readonly received_at: Date;
}

/** Events of a name are numbered in the order of their commits: a wait looks for those past the one it has seen. */
const LOCK = { name: 'lock_event_name', text: `select pg_advisory_xact_lock(hashtextextended('windlass event ' || $1, 0))` };
const INSERT = {
  name: 'insert_event',
  text: 'insert into received_event (name, payload, sender) values ($1, $2::jsonb, $3) returning event_id, name, received_at',
};

/** insertEvent    who: API, in the transaction of its request. Locks the name until the commit. */
export async function insertEvent(
  tx: Queryable,
  event: { readonly name: string; readonly payload: unknown; readonly sender: string },
): Promise<ReceivedEvent> {
  await tx.query(LOCK, [event.name]);
  const result = await tx.query<ReceivedEvent>(INSERT, [event.name, JSON.stringify(event.payload ?? null), event.sender]);
  return result.rows[0] as ReceivedEvent;
}
