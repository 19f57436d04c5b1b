import type { Queryable } from '../../client.ts';

const HEARD = { name: 'remove_plugin_events', text: 'delete from plugin_event where event_id = any($1::bigint[])' };
const OLD = {
  name: 'remove_old_plugin_events',
  text: `delete from plugin_event where plugin = $1 and at < clock_timestamp() - $2 * interval '1 millisecond' returning 1`,
};

/** removePluginEvents    who: plugin host, when they were heard. */
export async function removePluginEvents(db: Queryable, eventIds: readonly string[]): Promise<void> {
  await db.query(HEARD, [eventIds]);
}

/** removeOldPluginEvents    who: plugin host, for a plugin that hears too slowly. Returns how many nobody will hear. */
export async function removeOldPluginEvents(db: Queryable, plugin: string, olderThanMs: number): Promise<number> {
  return (await db.query(OLD, [plugin, olderThanMs])).rows.length;
}
