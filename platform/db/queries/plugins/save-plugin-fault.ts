import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'save_plugin_fault',
  text: 'update plugin set faults = faults + $2, last_fault = $3, faulted_at = clock_timestamp() where name = $1',
};

/** savePluginFault    who: plugin host, worker: what a plugin did wrong, some times. Zero rows: the plugin is gone. */
export async function savePluginFault(db: Queryable, name: string, count: number, lastFault: string): Promise<void> {
  await db.query(STATEMENT, [name, count, lastFault.slice(0, 2_000)]);
}
