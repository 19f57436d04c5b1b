-- 0018_retention: what retention finds by age, and since when no file defines a DAG. Safe for: any version (an index or a nullable
-- column each; DAGs that older code retires meanwhile count from the next parse on).

alter table dag add column stale_since timestamptz;                     -- null = a file defines it
update dag set stale_since = clock_timestamp() where is_stale;
create function note_stale_since() returns trigger language plpgsql as $$
begin
  new.stale_since := case when new.is_stale then clock_timestamp() end;
  return new;
end $$;
-- Whoever retires or revives a DAG, also an older version during an upgrade.
create trigger note_stale_since before insert or update of is_stale on dag for each row
  when (new.is_stale is distinct from (new.stale_since is not null)) execute function note_stale_since();

create index dag_version_by_bundle on dag_version (bundle_hash);        -- which code does no version use any more
create index asset_event_by_age on asset_event (at);
create index audit_log_by_age on audit_log (at);
