/**
 * Lets plugins hear what they listen to. The rows were written by the transactions that made it so (migrations/0010), so
 * nothing is lost with a process; a row goes when its plugin has heard it, so one may be heard twice. Each plugin has its
 * own queue: a slow one holds up nobody.
 */
import { formatDuration } from '#core/duration.ts';
import type { ListenerName } from '#core/plugin-protocol.ts';
import type { Database } from '#platform/db/client.ts';
import { removeOldPluginEvents, removePluginEvents } from '#platform/db/queries/plugins/remove-plugin-events.ts';
import { type TakenPluginEvent, takePluginEvents } from '#platform/db/queries/plugins/take-plugin-events.ts';
import type { PluginChild } from '#platform/plugins/plugin-child.ts';

export interface Hearer {
  readonly name: string;
  readonly child: PluginChild;
  readonly onFault: (what: string) => void;
}

const BATCH = 50;
/** A listener that has not ended its event after this is stuck. */
const LISTENER_MS = 30_000;
/** Longer than a batch may take. */
const HOLD_MS = 120_000;
/** One that ended its process so often is not told again. */
const TAKES_MAX = 3;
const KEPT_MS = 60 * 60_000;

/** One batch for one plugin. Returns whether there may be more. */
export async function hearOnce(db: Database, { name, child, onFault }: Hearer): Promise<boolean> {
  const taken = await takePluginEvents(db, name, BATCH, HOLD_MS);
  if (taken.length === 0) return false;
  const done = await Promise.all(taken.map(async (one) => ((await tell(child, one, onFault)) ? one.eventId : null)));
  const heard = done.filter((eventId) => eventId !== null);
  if (heard.length > 0) await removePluginEvents(db, heard);
  if (taken.length < BATCH) return false;
  const dropped = await removeOldPluginEvents(db, name, KEPT_MS);
  if (dropped > 0) onFault(`it hears too slowly: ${dropped} events older than ${formatDuration(KEPT_MS)} were dropped`);
  return true;
}

/** Whether the event is done with: heard, refused by the listener itself, or told too often. */
async function tell(child: PluginChild, { listener, event, takes }: TakenPluginEvent, onFault: Hearer['onFault']): Promise<boolean> {
  try {
    await child.ask({ what: 'hear', listener: listener as ListenerName, event }, { what: `listener ${listener}`, limitMs: LISTENER_MS });
    return true;
  } catch (error) {
    onFault(`${listener} failed: ${(error as Error).message}`);
    return child.isAlive || takes >= TAKES_MAX;
  }
}
