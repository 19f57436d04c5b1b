import type { Queryable } from '../../client.ts';

export interface TakenPluginEvent {
  readonly eventId: string;
  readonly listener: string;
  readonly event: object;
  /** When it happened. */
  readonly at: Date;
  /** How often it was taken, this time included. */
  readonly takes: number;
}

const STATEMENT = {
  name: 'take_plugin_events',
  text: `
with next as (
  select event_id from plugin_event
   where plugin = $1 and taken_until < clock_timestamp()
   order by event_id limit $2
     for update skip locked
)
update plugin_event e
   set taken_until = clock_timestamp() + $3 * interval '1 millisecond', takes = takes + 1
  from next where e.event_id = next.event_id
returning e.event_id as "eventId", e.listener, e.event, e.at, e.takes`,
};

/**
 * takePluginEvents    who: plugin host, for one plugin. Locks the rows it takes, past those of other hosts; another may take
 * them again when this one has not removed them in time. Zero rows: there is nothing to hear.
 */
export async function takePluginEvents(db: Queryable, plugin: string, limit: number, holdMs: number): Promise<readonly TakenPluginEvent[]> {
  const { rows } = await db.query<TakenPluginEvent>(STATEMENT, [plugin, limit, holdMs]);
  return [...rows].sort((a, b) => Number(BigInt(a.eventId) - BigInt(b.eventId)));
}
