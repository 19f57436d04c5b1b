-- 0035_asset_version: what each writing of an asset left behind, and what the catalogue knows of assets. Safe for: 0005's code, which writes none of it.

alter table asset
  add column description   text,
  add column owner         text,
  add column tags          text[] not null default '{}',
  add column schema_change text check (schema_change in ('allow', 'warn', 'fail')),   -- null = allow
  add column keep_versions int,                                                       -- both null: as the settings say
  add column keep_ms       double precision;

-- One for each event of an asset that a task made, in the same statement. It outlives the event, its run and its DAG.
create table asset_version (
  version_id     bigint primary key,                -- the event's number
  asset_id       bigint not null references asset on delete cascade,
  at             timestamptz not null default clock_timestamp(),
  partition_key  text,
  dag_id         text not null,
  run_id         text not null,
  task_id        text not null,
  map_index      int not null,
  attempt_id     uuid not null,
  dag_version    int,                               -- the number of the code that wrote it
  code_hash      text,                              -- of its bundle
  columns        jsonb,                             -- core/assets/asset-version.ts; null = nobody said
  row_count      bigint,
  bytes          bigint,
  partitions     text[],
  column_lineage jsonb,
  upstream       jsonb not null default '[]'        -- [{asset_id, version_id}]: what was there of its inlets, and what made its run
);
create index asset_version_of on asset_version (asset_id, version_id desc);
create index asset_version_columns on asset_version (asset_id, version_id desc) where columns is not null;
create index asset_version_by_attempt on asset_version (attempt_id);
create index asset_version_at on asset_version (at);
-- What was made of an asset.
create index asset_version_upstream on asset_version using gin (upstream jsonb_path_ops) where upstream <> '[]';
