-- 0009_versions: bundles of DAG files, warnings of DAGs, who wrote a note, backfills on the newest version.
-- Safe for: this version and later ones. A DAG processor of an older version cannot save import errors any more
-- (they are unique by bundle and file now): stop it first.

-- Where a DAG's file comes from: a folder or a git repository, by the name it has in the settings.
alter table dag add column bundle_name text not null default 'dags-folder';
alter table dag_version add column bundle_name text not null default 'dags-folder',
                        add column bundle_version text;               -- commit of a git bundle; null = a folder has none
alter table import_error add column bundle_name text not null default 'dags-folder';
alter table import_error drop constraint import_error_file_path_key;
create unique index import_error_of_file on import_error (bundle_name, file_path);

-- A version that no run has used is replaced by the next one: its runs must be found, and its deletion checked, at once.
create index dag_run_by_version on dag_run (version_id);

create table dag_warning (
  dag_id       text not null references dag on delete cascade,
  warning_type text not null check (warning_type in ('unstable dag')),
  message      text not null,
  created_at   timestamptz not null default clock_timestamp(),
  primary key (dag_id, warning_type)
);

-- A file that is to be parsed before all others, whether it changed or not. The DAG processor deletes what it takes.
create table parse_request (
  bundle_name text not null,
  file_path   text not null,
  asked_at    timestamptz not null default clock_timestamp(),
  primary key (bundle_name, file_path)
);

alter table dag_run add column note_user text, add column note_at timestamptz;
alter table task_instance add column note_user text, add column note_at timestamptz;
alter table backfill add column run_on_latest_version boolean not null default false;
