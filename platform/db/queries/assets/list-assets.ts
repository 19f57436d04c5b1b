/** Pages through assets with who makes, reads and waits for each. Called by the API, the pages and the CLI. */
import type { AssetColumn, AssetSample, ColumnSource, SchemaPolicy } from '#core/assets/asset-version.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface AssetUseRow {
  readonly dag_id: string;
  /** Empty for a schedule. */
  readonly task_id: string;
  readonly created_at: string;
}

export interface AssetRow {
  readonly asset_id: number;
  readonly name: string;
  readonly uri: string;
  readonly asset_group: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly freshness_ms: number | null;
  readonly watch: { readonly kind: string; readonly [key: string]: unknown } | null;
  /** Why it cannot be watched, or what is not known of some time; null = all is well. */
  readonly watch_note: string | null;
  /** When it was looked at, or surely listened to, last. */
  readonly watched_at: Date | null;
  readonly description: string | null;
  readonly owner: string | null;
  readonly tags: readonly string[];
  /** Null = allow. */
  readonly schema_change: SchemaPolicy | null;
  readonly keep_versions: number | null;
  readonly keep_ms: number | null;
  readonly is_active: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly scheduled_dags: readonly AssetUseRow[];
  readonly producing_tasks: readonly AssetUseRow[];
  readonly consuming_tasks: readonly AssetUseRow[];
  readonly aliases: readonly { readonly id: number; readonly name: string; readonly group: string }[];
  readonly last_event_id: number | null;
  readonly last_event_at: Date | null;
  /** Of the newest version that says; null = none does. */
  readonly columns: readonly AssetColumn[] | null;
  readonly column_lineage: Readonly<Record<string, readonly ColumnSource[]>> | null;
  /** Of the newest version that has one. */
  readonly sample: AssetSample | null;
  readonly sample_version_id: number | null;
  readonly sampled_at: Date | null;
  /** Null = some of the newest versions, 0 = none are kept. */
  readonly preview_rows: number | null;
  readonly row_count: number | null;
  readonly bytes: number | null;
}

const IS_OF = `u.alias is null and (u.asset_name is null or u.asset_name = a.name) and (u.asset_uri is null or u.asset_uri = a.uri)`;
const BY_ALIAS = `u.alias in (select l.name from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id)`;

const usesOf = (kind: string): string => `
  coalesce((select json_agg(json_build_object('dag_id', u.dag_id, 'task_id', u.task_id, 'created_at', u.created_at) order by u.dag_id, u.task_id)
     from dag_asset_use u where u.kind = '${kind}' and ((${IS_OF}) or ${BY_ALIAS})), '[]')`;

const SOURCE: ListSource = {
  name: 'list_assets',
  select: `a.asset_id, a.name, a.uri, a.asset_group, a.extra, a.freshness_ms, a.watch, a.description, a.owner, a.tags, a.schema_change, a.keep_versions, a.keep_ms, a.is_active, a.created_at, a.updated_at,
    ${usesOf('schedule')} as scheduled_dags, ${usesOf('outlet')} as producing_tasks, ${usesOf('inlet')} as consuming_tasks,
    coalesce((select json_agg(json_build_object('id', l.alias_id, 'name', l.name, 'group', l.asset_group) order by l.name)
       from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id), '[]') as aliases,
    last.event_id as last_event_id, last.at as last_event_at, described.columns, described.column_lineage, sampled.sample, sampled.version_id as sample_version_id, sampled.at as sampled_at, a.preview_rows, sized.row_count, sized.bytes,
    watched.note as watch_note, watched.looked_at as watched_at`,
  from: `asset a left join lateral (select e.event_id, e.at from asset_event e where e.asset_id = a.asset_id order by e.event_id desc limit 1) last on true
    left join lateral (select v.columns, v.column_lineage from asset_version v where v.asset_id = a.asset_id and v.columns is not null
                        order by v.version_id desc limit 1) described on true
    left join lateral (select v.sample, v.version_id, v.at from asset_version v where a.preview_rows is distinct from 0 and v.asset_id = a.asset_id and v.sample is not null
                        order by v.version_id desc limit 1) sampled on true
    left join lateral (select v.row_count, v.bytes from asset_version v where v.asset_id = a.asset_id order by v.version_id desc limit 1) sized on true
    left join asset_watch watched on watched.asset_id = a.asset_id and a.watch is not null`,
  fields: {
    id: 'a.asset_id',
    name: 'a.name',
    uri: 'a.uri',
    group: 'a.asset_group',
    is_active: 'a.is_active',
    created_at: 'a.created_at',
    updated_at: 'a.updated_at',
    last_event_at: 'last.at',
    owner: 'a.owner',
    tags: 'to_jsonb(a.tags)',
    columns: `(select coalesce(jsonb_agg(c -> 'name'), '[]') from jsonb_array_elements(described.columns) c)`,
    search: `concat_ws(' ', a.name, a.uri, a.asset_group, a.description, a.owner, array_to_string(a.tags, ' '),
                       (select string_agg(c ->> 'name', ' ') from jsonb_array_elements(described.columns) c))`,
    dag_ids: `(select coalesce(jsonb_agg(u.dag_id), '[]') from dag_asset_use u where (${IS_OF}) or ${BY_ALIAS})`,
  },
  tieBreak: 'a.asset_id',
};

export function listAssets(db: Queryable, request: ListRequest): Promise<ListPage<AssetRow>> {
  return readList(db, SOURCE, request);
}

/** Null when there is no such asset; one that is not active counts. */
export async function findAsset(db: Queryable, assetId: number): Promise<AssetRow | null> {
  const page = await listAssets(db, { filters: [{ field: 'id', operator: 'eq', value: assetId }], orderBy: [], limit: 1, offset: 0 });
  return page.rows[0] ?? null;
}

export interface AliasRow {
  readonly alias_id: number;
  readonly name: string;
  readonly asset_group: string;
}

const ALIASES: ListSource = {
  name: 'list_asset_aliases',
  select: 'l.alias_id, l.name, l.asset_group',
  from: 'asset_alias l',
  fields: { id: 'l.alias_id', name: 'l.name', group: 'l.asset_group' },
  tieBreak: 'l.alias_id',
};

export function listAliases(db: Queryable, request: ListRequest): Promise<ListPage<AliasRow>> {
  return readList(db, ALIASES, request);
}
