import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { Queryable } from '../../client.ts';
import { QUEUE_EVENTS } from './queue-events.ts';

/** The step that writes the events of successes: six parameters of the finish statement from number `first` on, in the order of `emitValues`. */
export function emitOfFinish(first: number): string {
  const at = (offset: number, type: string) => `$${first + offset}::${type}[]`;
  return `
emitted as (
  insert into asset_event (asset_id, extra, partition_key, aliases, source_dag_id, source_run_id, source_task_id, source_map_index, attempt_id)
  select a.asset_id, e.extra::jsonb, coalesce(e.partition_key, r.partition_key), array(select jsonb_array_elements_text(e.aliases::jsonb)),
         r.dag_id, r.run_id, m.task_id, m.map_index, m.attempt_id
    from unnest(${at(0, 'uuid')}, ${at(1, 'text')}, ${at(2, 'text')}, ${at(3, 'text')}, ${at(4, 'text')}, ${at(5, 'text')}) as e(attempt_id, name, uri, extra, aliases, partition_key)
    join moved m on m.attempt_id = e.attempt_id and m.event = 'succeed'
    join dag_run r on r.dag_run_id = m.dag_run_id
    join asset a on a.is_active and (e.name is null or a.name = e.name) and (e.uri is null or a.uri = e.uri)
  on conflict do nothing
  returning event_id, asset_id
), ${QUEUE_EVENTS}`;
}

/** The values of those parameters. */
export function emitValues(events: readonly (NewAssetEvent & { readonly attemptId: string })[]): readonly unknown[] {
  return [
    events.map((event) => event.attemptId),
    events.map((event) => event.name),
    events.map((event) => event.uri),
    events.map((event) => JSON.stringify(event.extra)),
    events.map((event) => JSON.stringify(event.aliases)),
    events.map((event) => event.partitionKey),
  ];
}

const EXTERNAL = {
  name: 'emit_external_event',
  text: `
with emitted as (
  insert into asset_event (asset_id, extra, partition_key) select asset_id, $2::jsonb, $3 from asset where asset_id = $1 and is_active
  returning event_id, asset_id
), ${QUEUE_EVENTS}
select e.event_id as "eventId", array(select dag_id from queued) as "dagIds" from emitted e`,
};

export interface ExternalEvent {
  readonly assetId: number;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partitionKey: string | null;
}

/**
 * emitExternalEvent    who: API, CLI, watchers. Locks nothing that exists.
 * Writes an event that no task made, and queues it for the DAGs that wait for the asset. Null = there is no such active asset.
 */
export async function emitExternalEvent(
  db: Queryable,
  event: ExternalEvent,
): Promise<{ readonly eventId: number; readonly dagIds: readonly string[] } | null> {
  const values = [event.assetId, JSON.stringify(event.extra), event.partitionKey];
  return (await db.query<{ eventId: number; dagIds: string[] }>(EXTERNAL, values)).rows[0] ?? null;
}
