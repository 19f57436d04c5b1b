import type { AssetDefinition, AssetUse } from '#core/assets/asset-spec.ts';
import { usesOf } from '#core/assets/condition.ts';
import type { DagSpec } from '#core/dag-spec.ts';
import type { Queryable } from '../../client.ts';

const HAS_USES = { name: 'has_asset_uses', text: 'select 1 from dag_asset_use where dag_id = any($1::text[]) limit 1' };

const LOCK = { name: 'lock_assets', text: 'lock table asset in share row exclusive mode' };

const DEFINE = {
  name: 'define_assets',
  text: `
insert into asset as a (name, uri, asset_group, extra, freshness_ms, watch, description, owner, tags, schema_change, keep_versions, keep_ms, preview_rows)
select d.name, d.uri, d.asset_group, d.extra, d.freshness_ms, d.watch, d.description, d.owner,
       coalesce(array(select jsonb_array_elements_text(d.tags)), '{}'), d.schema_change, d.keep_versions, d.keep_ms, d.preview_rows
  from jsonb_to_recordset($1::jsonb) as d(name text, uri text, asset_group text, extra jsonb, freshness_ms float8, watch jsonb, description text,
                                          owner text, tags jsonb, schema_change text, keep_versions int, keep_ms float8, preview_rows int)
on conflict (name, uri) do update
   set asset_group = excluded.asset_group, extra = excluded.extra, freshness_ms = excluded.freshness_ms, watch = excluded.watch,
       description = excluded.description, owner = excluded.owner, tags = excluded.tags, schema_change = excluded.schema_change,
       keep_versions = excluded.keep_versions, keep_ms = excluded.keep_ms, preview_rows = excluded.preview_rows, found_at_run = false, updated_at = clock_timestamp()
 where (a.asset_group, a.extra, a.freshness_ms, a.watch, a.description, a.owner, a.tags, a.schema_change, a.keep_versions, a.keep_ms, a.preview_rows, a.found_at_run)
       is distinct from (excluded.asset_group, excluded.extra, excluded.freshness_ms, excluded.watch, excluded.description, excluded.owner,
                         excluded.tags, excluded.schema_change, excluded.keep_versions, excluded.keep_ms, excluded.preview_rows, false)`,
};

const ALIASES = {
  name: 'define_asset_aliases',
  text: `
insert into asset_alias as l (name, asset_group) select * from unnest($1::text[], $2::text[])
on conflict (name) do update set asset_group = excluded.asset_group where l.asset_group <> excluded.asset_group`,
};

const FORGET = { name: 'forget_asset_uses', text: 'delete from dag_asset_use where dag_id = any($1::text[])' };

const USES = {
  name: 'insert_asset_uses',
  text: `
insert into dag_asset_use (dag_id, kind, task_id, asset_name, asset_uri, alias)
select $1, u.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as u`,
};

const DEQUEUE = {
  name: 'dequeue_unwanted_events',
  text: `
delete from asset_dag_event q using asset_event e, asset a
 where q.dag_id = $1 and q.dag_run_id is null and e.event_id = q.event_id and a.asset_id = e.asset_id
   and not exists (select 1 from dag_asset_use u where u.dag_id = q.dag_id and u.kind = 'schedule'
         and case when u.alias is null then (u.asset_name is null or u.asset_name = a.name) and (u.asset_uri is null or u.asset_uri = a.uri)
                  else exists (select 1 from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id and l.name = u.alias) end)`,
};

const RETIRE = {
  name: 'deactivate_assets',
  text: `
update asset a set is_active = false, updated_at = clock_timestamp()
 where a.is_active and not a.found_at_run and not exists (select 1 from dag_asset_use u where u.asset_name = a.name and u.asset_uri = a.uri)`,
};

const ACTIVATE = {
  name: 'activate_assets',
  text: `
with wanted as (
  select a.asset_id, a.name, a.uri from asset a
   where not a.is_active and (a.found_at_run or exists (select 1 from dag_asset_use u where u.asset_name = a.name and u.asset_uri = a.uri))
)
update asset a set is_active = true, updated_at = clock_timestamp()
  from wanted w
 where a.asset_id = w.asset_id
   and not exists (select 1 from asset o where o.is_active and (o.name = w.name or o.uri = w.uri))
   and not exists (select 1 from wanted o where o.asset_id < w.asset_id and (o.name = w.name or o.uri = w.uri))
returning a.asset_id as "assetId"`,
};

interface UseRow {
  readonly kind: 'schedule' | 'outlet' | 'inlet';
  readonly taskId: string;
  readonly use: AssetUse;
}

/**
 * saveAssetUses    who: DAG processor, in the transaction that saves a file. Locks the asset table against other savers
 * (tasks go on); its DAG rows are locked already.
 * The DAGs' new versions say what they make, read and wait for; `gone` say nothing any more. Of assets with one name or
 * one URI the older stays active; an asset no DAG mentions becomes inactive. Again = nothing changes.
 */
export async function saveAssetUses(tx: Queryable, specs: readonly DagSpec[], gone: readonly string[]): Promise<void> {
  const ids = [...specs.map((spec) => spec.dagId), ...gone];
  if (ids.length === 0) return;
  const mentions = specs.some(
    (spec) => spec.assetSchedule || spec.assets || spec.assetAliases || spec.tasks.some((task) => task.outlets || task.inlets),
  );
  if (!mentions && (await tx.query(HAS_USES, [ids])).rows.length === 0) return;
  await tx.query(LOCK);
  const assets = specs.flatMap((spec) => spec.assets ?? []);
  const known = [...new Map(assets.map((asset) => [JSON.stringify([asset.name, asset.uri]), asset])).values()];
  await tx.query(DEFINE, [JSON.stringify(known.map(rowOf))]);
  const aliases = [...new Map(specs.flatMap((spec) => spec.assetAliases ?? []).map((alias) => [alias.name, alias])).values()];
  await tx.query(ALIASES, [aliases.map((alias) => alias.name), aliases.map((alias) => alias.group)]);
  await tx.query(FORGET, [ids]);
  for (const spec of specs) {
    const rows = usesOfDag(spec);
    if (rows.length > 0)
      await tx.query(USES, [
        spec.dagId,
        rows.map((row) => row.kind),
        rows.map((row) => row.taskId),
        rows.map(({ use }) => ('asset' in use ? (use.asset.name ?? null) : null)),
        rows.map(({ use }) => ('asset' in use ? (use.asset.uri ?? null) : null)),
        rows.map(({ use }) => ('alias' in use ? use.alias : null)),
      ]);
    await tx.query(DEQUEUE, [spec.dagId]);
  }
  await tx.query(RETIRE);
  await tx.query(ACTIVATE);
}

function rowOf(asset: AssetDefinition): Readonly<Record<string, unknown>> {
  return {
    name: asset.name,
    uri: asset.uri,
    asset_group: asset.group,
    extra: asset.extra,
    freshness_ms: asset.freshnessMs ?? null,
    watch: asset.watch ?? null,
    description: asset.description ?? null,
    owner: asset.owner ?? null,
    tags: asset.tags ?? [],
    schema_change: asset.schemaChange ?? null,
    keep_versions: asset.retain?.versions ?? null,
    keep_ms: asset.retain?.keptMs ?? null,
    preview_rows: asset.previewRows ?? null,
  };
}

function usesOfDag(spec: DagSpec): readonly UseRow[] {
  return [
    ...(spec.assetSchedule ? usesOf(spec.assetSchedule.condition).map((use): UseRow => ({ kind: 'schedule', taskId: '', use })) : []),
    ...spec.tasks.flatMap((task) => [
      ...(task.outlets ?? []).map((use): UseRow => ({ kind: 'outlet', taskId: task.taskId, use })),
      ...(task.inlets ?? []).map((use): UseRow => ({ kind: 'inlet', taskId: task.taskId, use })),
    ]),
  ];
}
