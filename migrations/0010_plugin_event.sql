-- 0010_plugin_event: what plugins listen to, written by the transactions that make it so; what plugins did wrong.
-- Safe for: older code, which listens to nothing of it.

alter table plugin
  add column code text,                            -- bundled, for workers, which have no plugins folder; null = none needs it
  add column links jsonb not null default '[]',
  add column faults bigint not null default 0,     -- how often it threw, hung, died or flooded since it was loaded
  add column last_fault text,
  add column faulted_at timestamptz;

-- One row an event and plugin that listens; gone when the plugin has heard it.
create table plugin_event (
  event_id    bigint generated always as identity primary key,
  plugin      text not null,
  listener    text not null,
  event       jsonb not null,
  at          timestamptz not null default clock_timestamp(),
  taken_until timestamptz not null default '-infinity',
  takes       int not null default 0
);
create index plugin_event_of on plugin_event (plugin, event_id);

create function tell_plugins(what text, told jsonb) returns void language sql as $$
  insert into plugin_event (plugin, listener, event)
  select name, what, told from plugin where error is null and provides -> 'listeners' ? what
$$;

-- Once a statement, not once a row; without listeners it costs one look at a tiny table.
create function tell_task_instance_events() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from plugin where error is null and provides -> 'listeners' ?|
      array['onTaskInstanceRunning', 'onTaskInstanceSuccess', 'onTaskInstanceFailed', 'onTaskInstanceSkipped']) then
    return null;
  end if;
  insert into plugin_event (plugin, listener, event)
  select p.name, w.listener,
         jsonb_build_object('dagId', r.dag_id, 'runId', r.run_id, 'runType', r.run_type, 'taskId', i.task_id, 'mapIndex', i.map_index,
                            'tryNumber', e.try_number, 'operator', i.operator, 'reason', e.reason)
    from made e
    join (values ('running', 'onTaskInstanceRunning'), ('success', 'onTaskInstanceSuccess'),
                 ('failed', 'onTaskInstanceFailed'), ('skipped', 'onTaskInstanceSkipped')) as w (state, listener) on w.state = e.to_state
    join plugin p on p.error is null and p.provides -> 'listeners' ? w.listener
    join task_instance i on i.task_instance_id = e.task_instance_id
    join dag_run r on r.dag_run_id = i.dag_run_id
   where e.from_state <> e.to_state
   order by e.event_id;
  return null;
end $$;
create trigger tell_plugins after insert on task_instance_event
  referencing new table as made for each statement execute function tell_task_instance_events();

create function tell_dag_run() returns trigger language plpgsql as $$
begin
  perform tell_plugins('onDagRun' || initcap(new.state),
    jsonb_build_object('dagId', new.dag_id, 'runId', new.run_id, 'runType', new.run_type, 'reason', new.reason));
  return null;
end $$;
create trigger tell_plugins after update of state on dag_run for each row
  when (old.state is distinct from new.state and new.state in ('running', 'success', 'failed')) execute function tell_dag_run();

create function tell_import_error() returns trigger language plpgsql as $$
begin
  perform tell_plugins(case tg_op when 'INSERT' then 'onNewDagImportError' else 'onExistingDagImportError' end,
    jsonb_build_object('filePath', new.file_path, 'message', new.message, 'line', new.line));
  return null;
end $$;
create trigger tell_plugins_new after insert on import_error for each row execute function tell_import_error();
create trigger tell_plugins_other after update on import_error for each row
  when (old.message is distinct from new.message) execute function tell_import_error();

create function tell_service() returns trigger language plpgsql as $$
begin
  perform tell_plugins(case when new.stopped_at is null then 'onStarting' else 'beforeStopping' end,
    jsonb_build_object('component', new.kind, 'serviceId', new.service_id, 'hostname', new.hostname));
  return null;
end $$;
create trigger tell_plugins_start after insert on service for each row execute function tell_service();
create trigger tell_plugins_stop after update of stopped_at on service for each row
  when (old.stopped_at is null and new.stopped_at is not null) execute function tell_service();
