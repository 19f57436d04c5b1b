-- 0020_plugin_asset_event: what plugins hear of assets. Safe for: older code, which listens to nothing of it.

create function tell_asset() returns trigger language plpgsql as $$
begin
  perform tell_plugins('onAssetCreated', jsonb_build_object('name', new.name, 'uri', new.uri));
  return null;
end $$;
create trigger tell_plugins after insert on asset for each row execute function tell_asset();

create function tell_asset_alias() returns trigger language plpgsql as $$
begin
  perform tell_plugins('onAssetAliasCreated', jsonb_build_object('name', new.name));
  return null;
end $$;
create trigger tell_plugins after insert on asset_alias for each row execute function tell_asset_alias();

create function tell_asset_event() returns trigger language plpgsql as $$
begin
  insert into plugin_event (plugin, listener, event)
  select p.name, 'onAssetChanged',
         jsonb_build_object('name', a.name, 'uri', a.uri, 'extra', new.extra, 'sourceDagId', new.source_dag_id,
                            'sourceRunId', new.source_run_id, 'sourceTaskId', new.source_task_id)
    from plugin p join asset a on a.asset_id = new.asset_id
   where p.error is null and p.provides -> 'listeners' ? 'onAssetChanged';
  return null;
end $$;
create trigger tell_plugins after insert on asset_event for each row execute function tell_asset_event();
