-- 0005_asset: assets, their events, and the runs these make. Safe for: 0002's code, which writes none of it.

create table asset (
  asset_id     bigint generated always as identity primary key,
  name         text not null,
  uri          text not null,
  asset_group  text not null default 'asset',
  extra        jsonb not null default '{}',
  freshness_ms double precision,                    -- overdue when its newest event is older
  watch        jsonb,                               -- core/assets/watch.ts; null = nothing watches it
  is_active    boolean not null default false,      -- some DAG mentions it, or a task found it for an alias
  found_at_run boolean not null default false,      -- by a task, for an alias: no DAG file names it
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  unique (name, uri)
);
-- Of several assets with one name, or one URI, only one is active: the others are conflicts.
create unique index asset_active_name on asset (name) where is_active;
create unique index asset_active_uri on asset (uri) where is_active;

create table asset_alias (
  alias_id    bigint generated always as identity primary key,
  name        text not null unique,
  asset_group text not null default '',
  created_at  timestamptz not null default clock_timestamp()
);
create table asset_alias_asset (
  alias_id bigint not null references asset_alias on delete cascade,
  asset_id bigint not null references asset on delete cascade,
  primary key (alias_id, asset_id)
);
create index asset_alias_asset_of on asset_alias_asset (asset_id);

-- What the current version of each DAG makes, reads and waits for. A name and a URI: this asset; one of them: whichever has it.
create table dag_asset_use (
  dag_id     text not null references dag on delete cascade,
  kind       text not null check (kind in ('schedule', 'outlet', 'inlet')),
  task_id    text not null default '',
  asset_name text,
  asset_uri  text,
  alias      text,
  created_at timestamptz not null default clock_timestamp(),
  check ((alias is null) <> (asset_name is null and asset_uri is null))
);
create index dag_asset_use_of on dag_asset_use (dag_id);
create index dag_asset_use_name on dag_asset_use (asset_name) where asset_name is not null;
create index dag_asset_use_uri on dag_asset_use (asset_uri) where asset_uri is not null;
create index dag_asset_use_alias on dag_asset_use (alias) where alias is not null;

create table asset_event (
  event_id         bigint generated always as identity primary key,
  asset_id         bigint not null references asset on delete cascade,
  extra            jsonb not null default '{}',
  partition_key    text,
  aliases          text[] not null default '{}',    -- through which the task found the asset
  source_dag_id    text,                            -- no reference: the event outlives its run
  source_run_id    text,
  source_task_id   text,
  source_map_index int,
  attempt_id       uuid,
  at               timestamptz not null default clock_timestamp()
);
create index asset_event_of on asset_event (asset_id, event_id desc);
create index asset_event_by_run on asset_event (source_dag_id, source_run_id) where source_run_id is not null;
-- One success makes one event of an asset and partition, whatever is written twice.
create unique index asset_event_once on asset_event (attempt_id, asset_id, coalesce(partition_key, '')) where attempt_id is not null;

-- An event that a DAG waits for, written with the event. dag_run_id null = waiting; the transaction that creates a run
-- sets it, so no event is ever part of two runs of a DAG.
create table asset_dag_event (
  dag_id     text not null references dag on delete cascade,
  event_id   bigint not null references asset_event on delete cascade,
  dag_run_id uuid references dag_run on delete cascade,
  queued_at  timestamptz not null default clock_timestamp(),
  primary key (dag_id, event_id)
);
create index asset_dag_event_waiting on asset_dag_event (dag_id) where dag_run_id is null;
create index asset_dag_event_of_run on asset_dag_event (dag_run_id) where dag_run_id is not null;
create index asset_dag_event_of_event on asset_dag_event (event_id);

alter table dag_run add column partition_key text, add column partition_date timestamptz;
create index dag_run_by_partition on dag_run (dag_id, partition_key) where partition_key is not null;
alter table dag_run drop constraint dag_run_run_type_check,
  add constraint dag_run_run_type_check check (run_type in ('scheduled', 'manual', 'backfill', 'asset_triggered', 'asset_materialization'));
