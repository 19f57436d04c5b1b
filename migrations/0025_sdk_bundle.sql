-- 0025_sdk_bundle: the sdk lies beside the bundles of DAGs instead of in each of them. Safe for: any version reads the old rows; a
-- worker from before cannot load bundles made after (its attempts fail and say that a module is missing).

create table sdk_bundle (
  hash        text primary key,                   -- sha256 over the modules, hex
  source_key  text not null,                      -- sha256 over the sources they were made of: found by it, they are not made again
  modules     text not null,                      -- JSON: path below sdk/ -> text of the ES module
  made_by     text not null,                      -- version of Windlass, for people
  created_at  timestamptz not null default clock_timestamp()
);
create index sdk_bundle_by_source on sdk_bundle (source_key);

-- Null: everything is inlined. Set: `hash` is over the code and this, so that one name never means two behaviours.
alter table dag_bundle add column sdk_hash text references sdk_bundle;
-- Of the code alone: an upgrade of Windlass changes the sdk and not this.
alter table dag_bundle add column code_hash text;

-- Whose DAGs a file defines is asked for every file that is parsed.
create index dag_by_file on dag (bundle_name, file_path);
