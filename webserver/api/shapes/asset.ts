/** AssetResponse, AssetAliasResponse and AssetEventResponse. */
import type { AssetCondition, AssetDefinition } from '#core/assets/asset-spec.ts';
import type { AliasRow, AssetRow, AssetUseRow } from '#platform/db/queries/assets/list-assets.ts';
import type { AssetEventRow } from '#platform/db/queries/assets/list-events.ts';
import { iso } from '../../http/iso.ts';

export function assetShape(row: AssetRow) {
  return {
    id: row.asset_id,
    name: row.name,
    uri: row.uri,
    group: row.asset_group,
    extra: row.extra,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    scheduled_dags: row.scheduled_dags.map(({ dag_id, created_at }) => ({
      dag_id,
      created_at: utc(created_at),
      updated_at: utc(created_at),
    })),
    producing_tasks: row.producing_tasks.map(taskReference),
    consuming_tasks: row.consuming_tasks.map(taskReference),
    aliases: row.aliases,
    watchers: row.watch === null ? [] : [{ name: row.watch.kind, trigger_id: row.asset_id, created_date: iso(row.created_at) }],
    last_asset_event: row.last_event_id === null ? null : { id: row.last_event_id, timestamp: iso(row.last_event_at) },
  };
}

function taskReference({ dag_id, task_id, created_at }: AssetUseRow) {
  return { dag_id, task_id, created_at: utc(created_at), updated_at: utc(created_at) };
}

/** Postgres writes instants into JSON with an offset. */
function utc(text: string): string;
function utc(text: string | null): string | null;
function utc(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}

export function aliasShape(row: AliasRow) {
  return { id: row.alias_id, name: row.name, group: row.asset_group };
}

export function assetEventShape(row: AssetEventRow) {
  return {
    id: row.event_id,
    asset_id: row.asset_id,
    uri: row.uri,
    name: row.name,
    group: row.asset_group,
    extra: row.extra,
    source_task_id: row.source_task_id,
    source_dag_id: row.source_dag_id,
    source_run_id: row.source_run_id,
    source_map_index: row.source_map_index ?? -1,
    created_dagruns: row.created_dagruns.map((run) => ({
      ...run,
      logical_date: utc(run.logical_date),
      start_date: utc(run.start_date),
      end_date: utc(run.end_date),
      data_interval_start: utc(run.data_interval_start),
      data_interval_end: utc(run.data_interval_end),
    })),
    timestamp: iso(row.at),
    partition_key: row.partition_key,
  };
}

/** Airflow's form: {"all": [{"asset": {uri, name, group}}, {"any": […]}]}. */
export function assetExpression(condition: AssetCondition, known: readonly AssetDefinition[]): unknown {
  if ('all' in condition) return { all: condition.all.map((part) => assetExpression(part, known)) };
  if ('any' in condition) return { any: condition.any.map((part) => assetExpression(part, known)) };
  if ('alias' in condition) return { alias: { name: condition.alias, group: '' } };
  const { name, uri } = condition.asset;
  if (name === undefined || uri === undefined) return { asset_ref: { name: name ?? null, uri: uri ?? null } };
  return { asset: { name, uri, group: known.find((one) => one.name === name && one.uri === uri)?.group ?? 'asset' } };
}
