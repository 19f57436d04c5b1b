-- 0001_init: everything a first Windlass needs. Safe for: any version (first migration).
-- States are text with a check, not enums: a new state is then one migration line, not a type rewrite.
-- task_instance has no index that contains `state` (it would double the cost of every transition); work is
-- found by run.

-- UUIDv7 made by the database, for set-based inserts: it sorts by creation (Postgres 18 has uuidv7(); older ones do not).
create function new_id() returns uuid language sql volatile parallel safe as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create table dag_bundle (
  hash        text primary key,                   -- sha256 of code, hex
  code        text not null,                      -- one ES module, everything inlined, inline source map
  created_at  timestamptz not null default clock_timestamp()
);

create table dag (
  dag_id                text primary key,
  file_path             text not null,            -- relative to the dags folder
  is_paused             boolean not null,
  is_stale              boolean not null default false,   -- no file defines it any more
  has_import_errors     boolean not null default false,   -- its file is broken now; the last good version stays
  version_id            uuid,                     -- the version new runs get
  shard                 smallint not null,        -- all runs of a DAG belong to one scheduler at a time
  next_logical_date     timestamptz,
  next_interval_start   timestamptz,
  next_interval_end     timestamptz,
  next_run_after        timestamptz,              -- null = nothing is due by time
  first_seen_at         timestamptz not null default clock_timestamp(),
  last_parsed_at        timestamptz not null default clock_timestamp(),
  last_parse_ms         real,
  revision              bigint not null default 0 -- raised by every change a scheduler must notice
);
create index dag_due on dag (next_run_after) where next_run_after is not null and not is_paused and not is_stale;

create table dag_version (
  version_id      uuid primary key,
  dag_id          text not null references dag on delete cascade,
  version_number  int not null,
  content_hash    text not null,                  -- sha256 over spec and bundle hash: the same file never makes a new version
  bundle_hash     text not null references dag_bundle,
  spec            jsonb not null,                 -- core/dag-spec.ts
  source          text not null,                  -- the author's file as it was
  file_path       text not null,
  created_at      timestamptz not null default clock_timestamp(),
  unique (dag_id, version_number)
);
alter table dag add foreign key (version_id) references dag_version deferrable initially deferred;

create table dag_favorite (
  dag_id text not null references dag on delete cascade, username text not null, primary key (dag_id, username)
);

create table import_error (
  import_error_id bigint generated always as identity primary key,
  file_path       text not null unique,
  message         text not null,
  stack           text not null,
  line            int,
  column_number   int,
  seen_at         timestamptz not null default clock_timestamp()
);

create table dag_run (
  dag_run_id          uuid primary key,
  dag_id              text not null references dag on delete cascade,
  run_id              text not null,
  run_type            text not null check (run_type in ('scheduled', 'manual', 'backfill', 'asset_triggered')),
  state               text not null check (state in ('queued', 'running', 'success', 'failed')),
  version_id          uuid not null references dag_version,
  shard               smallint not null,
  logical_date        timestamptz,
  data_interval_start timestamptz,
  data_interval_end   timestamptz,
  run_after           timestamptz not null,
  conf                jsonb not null default '{}', -- as given
  params              jsonb not null default '{}', -- the DAG's defaults with conf over them: what tasks see
  note                text,
  triggered_by        text not null,
  triggering_user     text,
  queued_at           timestamptz not null default clock_timestamp(),
  started_at          timestamptz,
  ended_at            timestamptz,
  reason              text,                        -- why it waits or why it failed, in words
  revision            bigint not null default 0,   -- raised by whoever changes the run behind the scheduler's back
  unique (dag_id, run_id),
  unique (dag_id, logical_date),
  check ((state in ('success', 'failed')) = (ended_at is not null))
);
create index dag_run_unfinished on dag_run (shard, dag_id) where state in ('queued', 'running');
create index dag_run_by_dag on dag_run (dag_id, run_after desc, dag_run_id desc);
create index dag_run_by_time on dag_run (run_after desc, dag_run_id desc);

create table pool (
  name             text primary key,
  slots            int not null check (slots >= -1),   -- -1 = no limit
  description      text,
  include_deferred boolean not null default false
);
insert into pool (name, slots, description) values ('default_pool', 128, 'Default pool');

-- A shard takes slots out of a pool before it queues anything and gives back what it does not use. The sum
-- over shards never exceeds the pool (checked under the pool's row lock), so the limit holds at every instant.
create table pool_reservation (
  pool   text not null references pool on update cascade on delete cascade,
  shard  smallint not null,
  slots  int not null check (slots >= 0),
  primary key (pool, shard)
);

create table task_instance (
  task_instance_id  uuid primary key,
  dag_run_id        uuid not null references dag_run on delete cascade,
  task_id           text not null,
  map_index         int not null default -1,
  state             text not null default 'none' check (state in ('none', 'scheduled', 'queued', 'running', 'restarting',
                      'success', 'failed', 'skipped', 'upstream_failed', 'up_for_retry', 'up_for_reschedule', 'deferred', 'removed')),
  reason            text,                          -- why it is in this state or not yet in the next, in words
  try_number        int not null default 0,        -- tries begun; the first try is 1
  max_tries         int not null default 0,        -- retries allowed (Airflow's meaning: tries beyond the first)
  clear_number      int not null default 0,
  operator          text not null,
  queue             text not null,
  pool              text not null,
  pool_slots        int not null check (pool_slots > 0),
  priority_weight   int not null,
  lease_epoch       bigint not null default 0,     -- raised by each claim, and by whoever takes the lease away
  lease_owner       text,                          -- worker id
  lease_expires_at  timestamptz,
  last_heartbeat_at timestamptz,
  scheduled_at      timestamptz,
  queued_at         timestamptz,
  started_at        timestamptz,
  ended_at          timestamptz,
  next_try_at       timestamptz,                   -- up_for_retry, up_for_reschedule: not before this instant
  first_started_at  timestamptz,                   -- start of this try's first check, for a sensor's timeout
  followed          text[],                        -- branch, gate: direct downstream tasks that may run; null = all
  map_label         text,
  progress          jsonb,
  note              text,
  unique (dag_run_id, task_id, map_index),
  check ((state = 'running') = (lease_owner is not null) or state = 'restarting'),
  check ((lease_owner is null) = (lease_expires_at is null)),
  check (state <> 'running' or last_heartbeat_at is not null)
) with (fillfactor = 50);

create table task_attempt (
  attempt_id       uuid primary key,
  task_instance_id uuid not null references task_instance on delete cascade,
  try_number       int not null,
  clear_number     int not null,
  lease_epoch      bigint not null,
  worker_id        text not null,
  hostname         text not null,
  pid              int,
  outcome          text check (outcome in ('success', 'failed', 'skipped', 'lost', 'killed', 'deferred', 'rescheduled', 'handed_back')),
  error            jsonb,                           -- {name, message, stack}
  claimed_at       timestamptz not null default clock_timestamp(),
  body_started_at  timestamptz,                     -- written, fenced, just before the body begins
  ended_at         timestamptz,
  unique (task_instance_id, lease_epoch),
  check ((outcome is null) = (ended_at is null))
);
create unique index task_attempt_one_live on task_attempt (task_instance_id) where ended_at is null;
create unique index task_attempt_one_winner on task_attempt (task_instance_id, clear_number) where outcome = 'success';
create index task_attempt_recent on task_attempt (claimed_at desc);

-- Append-only history, written by the same statement as the state.
create table task_instance_event (
  event_id         bigint generated always as identity primary key,
  task_instance_id uuid not null references task_instance on delete cascade,
  event            text not null,
  from_state       text not null,
  to_state         text not null,
  try_number       int not null,
  lease_epoch      bigint not null,
  actor            text not null,
  reason           text,
  at               timestamptz not null default clock_timestamp()
);
create index task_instance_event_of on task_instance_event (task_instance_id, event_id);

create table xcom (
  task_instance_id uuid not null references task_instance on delete cascade,
  key              text not null,
  attempt_id       uuid not null,
  value            jsonb,
  bytes            int not null,
  created_at       timestamptz not null default clock_timestamp(),
  primary key (task_instance_id, key)
);

-- Length of each mapped list, written with the result that holds the list.
create table task_map (
  dag_run_id uuid not null references dag_run on delete cascade,
  scope_id   text not null,
  length     int not null check (length >= 0),
  primary key (dag_run_id, scope_id)
);

create table scheduler_shard (
  shard       smallint primary key,
  owner       text,
  epoch       bigint not null default 0,
  expires_at  timestamptz not null default '-infinity'
);
insert into scheduler_shard (shard) select generate_series(0, 15);

-- Every long-lived process, one row each, renewed by its heartbeat.
create table service (
  service_id        text primary key,
  kind              text not null check (kind in ('scheduler', 'dag_processor', 'worker', 'triggerer', 'webserver', 'monitor')),
  hostname          text not null,
  pid               int not null,
  version           text not null,
  started_at        timestamptz not null default clock_timestamp(),
  last_heartbeat_at timestamptz not null default clock_timestamp(),
  stopped_at        timestamptz,                    -- set by a clean stop
  -- workers
  state             text,                           -- running, paused, draining
  queues            text[],
  slots             int,
  running           int,
  processed         bigint,
  failed            bigint,
  info              jsonb not null default '{}',    -- cpu, rss, loop lag, node version, broker
  -- what an operator asked for; the worker makes it so and reports back in the columns above
  desired_state     text,
  desired_slots     int
);

create table variable (
  key text primary key, value bytea not null, description text, updated_at timestamptz not null default clock_timestamp()
);
create table connection (
  connection_id text primary key,
  conn_type     text not null,
  description   text,
  host          text,
  port          int,
  login         text,
  schema        text,
  secret        bytea,                              -- AES-256-GCM of {password, extra}; never leaves but to a task's supervisor
  updated_at    timestamptz not null default clock_timestamp()
);

create table app_user (
  username      text primary key,
  password_hash text not null,                      -- argon2id
  role          text not null check (role in ('admin', 'op', 'user', 'viewer')),
  email         text,
  is_active     boolean not null default true,
  created_at    timestamptz not null default clock_timestamp()
);
create table session_token (
  token_hash   text primary key,                    -- sha256 of an opaque 256-bit token
  username     text not null references app_user on delete cascade,
  kind         text not null check (kind in ('session', 'api', 'one_time')),
  created_at   timestamptz not null default clock_timestamp(),
  expires_at   timestamptz not null,
  last_used_at timestamptz
);

create table audit_log (
  audit_id   bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  actor      text not null,
  action     text not null,                         -- "dag.pause", "dag_run.trigger", ...
  dag_id     text,
  run_id     text,
  task_id    text,
  map_index  int,
  request_id text,
  extra      jsonb not null default '{}'
);
create index audit_log_by_dag on audit_log (dag_id, audit_id desc);

create table plugin (
  name text primary key, file_path text not null, provides jsonb not null, error text, loaded_at timestamptz not null default clock_timestamp()
);
