/**
 * Two steps (CTEs) that every statement which writes asset events shares: `emitted` must name the new rows of
 * asset_event (event_id, asset_id). A DAG that waits for the asset, by itself or through an alias, gets the event queued
 * in the same statement; one that is paused or stale does not, as in Airflow.
 */
export const QUEUE_EVENTS = `
queued as (
  insert into asset_dag_event (dag_id, event_id)
  select distinct u.dag_id, e.event_id
    from emitted e
    join asset a on a.asset_id = e.asset_id
    join dag_asset_use u on u.kind = 'schedule'
     and case when u.alias is null then (u.asset_name is null or u.asset_name = a.name) and (u.asset_uri is null or u.asset_uri = a.uri)
              else exists (select 1 from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id and l.name = u.alias) end
    join dag d on d.dag_id = u.dag_id and not d.is_paused and not d.is_stale
  on conflict do nothing
  returning dag_id
)`;
