import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { Queryable } from '../../client.ts';
import { QUEUE_EVENTS } from './queue-events.ts';

/**
 * The steps that write the events of successes and what was written: seven parameters of the finish statement from number `first` on,
 * in the order of `emitValues`. A version has the number of its event.
 */
export function emitOfFinish(first: number): string {
  const at = (offset: number, type: string) => `$${first + offset}::${type}[]`;
  return `
said as (
  select a.asset_id, a.preview_rows, e.extra::jsonb as extra, coalesce(e.partition_key, r.partition_key) as partition_key, e.aliases::jsonb as aliases, e.facts::jsonb as facts,
         r.dag_run_id, r.dag_id, r.run_id, r.version_id, m.task_id, m.map_index, m.attempt_id
    from unnest(${at(0, 'uuid')}, ${at(1, 'text')}, ${at(2, 'text')}, ${at(3, 'text')}, ${at(4, 'text')}, ${at(5, 'text')}, ${at(6, 'text')})
           as e(attempt_id, name, uri, extra, aliases, partition_key, facts)
    join moved m on m.attempt_id = e.attempt_id and m.event = 'succeed'
    join dag_run r on r.dag_run_id = m.dag_run_id
    join asset a on a.is_active and (e.name is null or a.name = e.name) and (e.uri is null or a.uri = e.uri)
), emitted as (
  insert into asset_event (asset_id, extra, partition_key, aliases, source_dag_id, source_run_id, source_task_id, source_map_index, attempt_id)
  select asset_id, extra, partition_key, array(select jsonb_array_elements_text(aliases)), dag_id, run_id, task_id, map_index, attempt_id from said
  on conflict do nothing
  returning event_id, asset_id, attempt_id, partition_key
), ${VERSIONS}, ${QUEUE_EVENTS}`;
}

/** What the task read: the newest events of its inlets, and those that made its run. */
const UPSTREAM = `
coalesce((
  select jsonb_agg(jsonb_build_object('asset_id', f.asset_id, 'version_id', f.event_id) order by f.asset_id)
    from (select x.asset_id, max(x.event_id) as event_id
            from (select q.event_id, e.asset_id from asset_dag_event q join asset_event e using (event_id) where q.dag_run_id = s.dag_run_id
                  union all
                  select last.event_id, i.asset_id
                    from dag_asset_use u
                    join asset i on i.is_active and u.alias is null and (u.asset_name is null or i.name = u.asset_name) and (u.asset_uri is null or i.uri = u.asset_uri)
                    left join lateral (select e.event_id from asset_event e where e.asset_id = i.asset_id order by e.event_id desc limit 1) last on true
                   where u.dag_id = s.dag_id and u.task_id = s.task_id and u.kind = 'inlet') x
           where x.asset_id <> s.asset_id
           group by x.asset_id) f), '[]')`;

const VERSIONS = `versions as (
  insert into asset_version (version_id, asset_id, partition_key, dag_id, run_id, task_id, map_index, attempt_id, dag_version, code_hash,
                             columns, row_count, bytes, partitions, column_lineage, sample, upstream)
  select n.event_id, n.asset_id, n.partition_key, s.dag_id, s.run_id, s.task_id, s.map_index, s.attempt_id, v.version_number, v.bundle_hash,
         s.facts -> 'columns', (s.facts ->> 'rows')::bigint, (s.facts ->> 'bytes')::bigint,
         case when s.facts ? 'partitions' then array(select jsonb_array_elements_text(s.facts -> 'partitions')) end, s.facts -> 'columnLineage', case when s.preview_rows is distinct from 0 then s.facts -> 'sample' end, ${UPSTREAM}
    from emitted n
    join said s on s.attempt_id = n.attempt_id and s.asset_id = n.asset_id and s.partition_key is not distinct from n.partition_key
    left join dag_version v on v.version_id = s.version_id
  on conflict do nothing
)`;

/** The values of those parameters. */
export function emitValues(events: readonly (NewAssetEvent & { readonly attemptId: string })[]): readonly unknown[] {
  return [
    events.map((event) => event.attemptId),
    events.map((event) => event.name),
    events.map((event) => event.uri),
    events.map((event) => JSON.stringify(event.extra)),
    events.map((event) => JSON.stringify(event.aliases)),
    events.map((event) => event.partitionKey),
    events.map((event) => (event.version === undefined ? null : JSON.stringify(event.version))),
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
