-- 0007_callbacks: calls of authors' callbacks, and deadlines of runs. Safe for: older code, which writes and reads neither.

-- One row per deadline of a run, made with the run. Whether it is met is said by the run's end; the scheduler settles it when due.
create table deadline (
  deadline_id  uuid primary key default new_id(),
  dag_run_id   uuid not null references dag_run on delete cascade,
  slot         smallint not null,                 -- which deadline of the DAG
  name         text not null,
  due_at       timestamptz not null,
  callbacks    text[] not null,                   -- their names, in the author's order
  missed_at    timestamptz,                       -- noticed, and its callbacks requested, by the same statement
  met_at       timestamptz,                       -- the run had ended by then
  unique (dag_run_id, slot),
  check (missed_at is null or met_at is null)
);
create index deadline_open on deadline (due_at) where missed_at is null and met_at is null;
create index deadline_missed on deadline (missed_at desc) where missed_at is not null;

-- One row per call, written by the statement that commits what the call is about; worked off by workers.
create table callback_request (
  callback_id       uuid primary key default new_id(),
  dag_run_id        uuid not null references dag_run on delete cascade,
  task_instance_id  uuid references task_instance on delete cascade,    -- null = about the whole run
  deadline_id       uuid references deadline on delete cascade,
  kind              text not null check (kind in ('on_success', 'on_failure', 'on_retry', 'on_skipped', 'on_deadline', 'on_request')),
  slot              smallint not null default 0,  -- on_deadline: which of the DAG's
  position          smallint not null,            -- place in the author's list
  name              text not null,
  reason            text not null,                -- core/callbacks.ts
  message           text,                         -- in words
  error             jsonb,                        -- {name, message, stack} of what failed
  try_number        int not null default 0,       -- the try that ended
  queue             text,                         -- workers of this queue only; null = any
  state             text not null default 'pending' check (state in ('pending', 'running', 'success', 'failed')),
  tries             int not null default 0,
  next_try_at       timestamptz not null default clock_timestamp(),     -- pending: not before; running: when its lease ends
  lease_owner       text,
  failure           jsonb,                        -- {name, message, stack} of the last try of the call
  created_at        timestamptz not null default clock_timestamp(),
  started_at        timestamptz,
  ended_at          timestamptz,
  check ((state = 'running') = (lease_owner is not null)),
  check ((state in ('success', 'failed')) = (ended_at is not null))
);
create index callback_request_open on callback_request (next_try_at) where state in ('pending', 'running');
create index callback_request_of_run on callback_request (dag_run_id);
create index callback_request_of_instance on callback_request (task_instance_id) where task_instance_id is not null;
create index callback_request_failed on callback_request (ended_at desc) where state = 'failed';
