/**
 * Reads a Redis stream as a consumer group. An entry is acknowledged after its event is in Postgres; one that was written and not acknowledged,
 * because somebody died between, is delivered again and known by its id.
 */
import type { HeardSpec } from '#core/assets/watch.ts';
import { storable } from '#core/storable.ts';
import { compareIds, openStreamGroup, type StreamEntry, type StreamGroup } from '#platform/broker/stream-group.ts';
import type { Heard } from '#platform/db/queries/assets/heard-watches.ts';
import type { HeardDesk } from './heard-desk.ts';

const BATCH_MAX = 200;
const WAIT_MS = 5_000;
const FIELDS_MAX_CHARS = 64 * 1024;

type StreamSpec = Extract<HeardSpec, { kind: 'stream' }>;
type Event = Heard['events'][number];

/** Ends at the signal; rejects when the stream cannot be read, or the watch is somebody else's. */
export async function readStream(desk: HeardDesk, watch: StreamSpec, signal: AbortSignal): Promise<void> {
  const group = await openStreamGroup(await desk.connection(), watch.stream, watch.group ?? `windlass:${desk.held.name}`);
  const close = () => group.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await beginGroup(desk, group);
    const { clock } = desk.deps;
    let saidAt = clock.monotonic();
    while (!signal.aborted) {
      const pending = await group.pending(BATCH_MAX);
      const entries = pending.length > 0 ? pending : await group.fresh(BATCH_MAX, WAIT_MS);
      if (entries.length > 0) await tell(desk, watch, group, entries);
      else if (clock.monotonic() - saidAt > watch.everyMs) await desk.save(desk.seen as string);
      else continue;
      saidAt = clock.monotonic();
    }
  } finally {
    signal.removeEventListener('abort', close);
    group.close();
  }
}

/** What is in the stream at first is known, and no event. Where it is read from is written down before the group is made. */
async function beginGroup(desk: HeardDesk, group: StreamGroup): Promise<void> {
  const lastId = await group.lastId();
  await desk.save(desk.seen ?? lastId, [], null);
  const from = desk.seen as string;
  // Ids that go back are those of another stream: Redis was erased.
  await group.ensure(compareIds(lastId, from) < 0 ? '0-0' : from);
}

async function tell(desk: HeardDesk, watch: StreamSpec, group: StreamGroup, entries: readonly StreamEntry[]): Promise<void> {
  const events = entries.flatMap(({ id, fields }): Event[] =>
    fields === null ? [] : [{ item: itemOf(watch, id), extra: { stream: watch.stream, id, fields: plain(fields) } }],
  );
  const gone = entries.length - events.length;
  const note = gone === 0 ? undefined : `${gone} entries were removed from the stream before they were read.`;
  const last = entries.map(({ id }) => id).reduce((a, b) => (compareIds(a, b) < 0 ? b : a), desk.seen as string);
  await desk.save(last, events, note);
  await group.acknowledge(entries.map(({ id }) => id));
  // Only now: an acknowledged entry never comes again.
  await desk.forget(entries.map(({ id }) => itemOf(watch, id)));
}

function itemOf({ connection, stream, group = '' }: StreamSpec, id: string): string {
  return JSON.stringify([connection, stream, group, id]);
}

/** Null when they are too large for an event. */
function plain(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  const chars = Object.entries(fields).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (chars > FIELDS_MAX_CHARS) return null;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [storable(name, FIELDS_MAX_CHARS), storable(value, FIELDS_MAX_CHARS)]),
  );
}
