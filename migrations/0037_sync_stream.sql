-- 0037_sync_stream: how far each stream came, by what its tasks reported page by page, and who wants one to begin from the start.
-- Safe for: any version (new tables; a worker that does not know them writes none, and such streams are not listed until a newer one runs them).

-- The truth about a stream is kept in its destination, with the rows; this is what was heard of it.
create table sync_stream (
  sync_id      bigint generated always as identity primary key,
  dag_id       text not null references dag on delete cascade,
  task_id      text not null,
  stream       text not null,
  destination  text not null,                          -- as the sync names it; the same stream into another place is another one
  source       text not null,
  rows_are     text check (rows_are in ('replaced', 'added')),   -- what becomes of a row that comes again
  removes      text check (removes in ('table', 'files')),       -- what is gone when rows are removed: all of a table, or the stream's own files
  state        jsonb,                                  -- after the last page that was heard of; null = nothing yet
  rows_total   bigint not null default 0,              -- since it began, or began from the start
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  unique (dag_id, task_id, stream, destination),
  check ((rows_are is null) = (removes is null))       -- both null = its destination cannot begin from the start
);
create index sync_stream_by_destination on sync_stream (destination);
create index sync_stream_updated on sync_stream (updated_at);

create table sync_attempt (
  attempt_id   uuid not null references task_attempt on delete cascade,
  sync_id      bigint not null references sync_stream on delete cascade,
  opened_at    timestamptz not null default clock_timestamp(),
  state_before jsonb,                                  -- null = it did not get so far; 'null' = from the start
  state_after  jsonb,
  rows         bigint not null default 0,
  pages        bigint not null default 0,
  removed      bigint,                                 -- rows that were gone from the source; null = it did not look
  primary key (attempt_id, sync_id)
);
create index sync_attempt_of on sync_attempt (sync_id, opened_at desc);

-- A wish: the next attempt of the stream carries it out before its first page.
create table sync_reset (
  reset_id     uuid primary key default new_id(),
  sync_id      bigint not null references sync_stream on delete cascade,
  rows         text not null check (rows in ('keep', 'remove')),
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  attempt_id   uuid,                                   -- that was told last
  taken_at     timestamptz,                            -- when the first was told: from now on it cannot be withdrawn
  done_at      timestamptz,
  removed      bigint,                                 -- rows or files, as `removes` of the stream says
  withdrawn_at timestamptz,
  withdrawn_by text,
  check (done_at is null or taken_at is not null),
  check (withdrawn_at is null or taken_at is null)
);
create unique index sync_reset_open on sync_reset (sync_id) where done_at is null and withdrawn_at is null;
create index sync_reset_of on sync_reset (sync_id, requested_at desc);
