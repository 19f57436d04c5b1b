-- 0002_backfill: backfills, and since when a DAG is active (catchup: 'none'). Safe for: 0001's code, which reads none of it.

alter table dag add column active_since timestamptz;    -- when it was last unpaused; null = since it was first seen

create table backfill (
  backfill_id           bigint generated always as identity primary key,
  dag_id                text not null references dag on delete cascade,
  shard                 smallint not null,              -- the DAG's
  from_date             timestamptz not null,
  to_date               timestamptz not null,           -- inclusive, like from_date
  conf                  jsonb not null default '{}',    -- of every run it creates
  is_paused             boolean not null default false, -- no run of it starts
  reprocess_behavior    text not null check (reprocess_behavior in ('none', 'failed', 'completed')),
  max_active_runs       int not null check (max_active_runs > 0),   -- of its own, beside the DAG's
  run_backwards         boolean not null default false,
  triggering_user       text,
  triggered_by          text not null check (triggered_by in ('cli', 'rest_api', 'ui')),
  created_at            timestamptz not null default clock_timestamp(),
  updated_at            timestamptz not null default clock_timestamp(),
  completed_at          timestamptz,                    -- every run of it has ended, or it was cancelled
  cancelled_at          timestamptz,
  check (from_date <= to_date),
  check (cancelled_at is null or completed_at is not null)
);
create unique index backfill_one_active on backfill (dag_id) where completed_at is null;
create index backfill_active on backfill (shard) where completed_at is null;
create index backfill_by_dag on backfill (dag_id, backfill_id desc);

-- The plan of a backfill, one row per tick in the order of running. The scheduler works it off from the top.
create table backfill_dag_run (
  backfill_id     bigint not null references backfill on delete cascade,
  ordinal         int not null,
  logical_date    timestamptz not null,
  interval_start  timestamptz not null,
  interval_end    timestamptz not null,
  action          text not null check (action in ('create', 'reprocess', 'skip')),
  reason          text,                                 -- why it is skipped
  handled_at      timestamptz,                          -- its run was created or reset, or the tick was skipped
  primary key (backfill_id, ordinal)
);
create index backfill_dag_run_open on backfill_dag_run (backfill_id, ordinal) where handled_at is null;

alter table dag_run add column backfill_id bigint references backfill on delete set null,
                    add column backfill_ordinal int;
create index dag_run_of_backfill on dag_run (backfill_id, backfill_ordinal) where backfill_id is not null;
