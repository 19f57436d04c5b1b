-- 0006_waiter: what deferred task instances wait for, and what woke one. Safe for: older code, which defers nothing.

create table waiter (
  task_instance_id  uuid primary key references task_instance on delete cascade,
  lease_epoch       bigint not null,               -- the instance's when it deferred: who answers another epoch is too late
  kind              text not null,                 -- core/waiting/kinds.ts
  args              jsonb,                         -- null = sealed
  sealed_args       bytea,                         -- AES-256-GCM of args that hold a secret
  ends              jsonb not null,                -- {onFound, onTimeout, softFail, timeoutMs}
  body_state        jsonb,                         -- handed back to the body
  words             text not null,                 -- what it waits for
  every_ms          float8,
  created_at        timestamptz not null default clock_timestamp(),
  due_at            timestamptz not null,          -- looked at no earlier; a time: the time itself
  timeout_at        timestamptz,
  -- A triggerer owns it while its heartbeat is fresh: no lease to renew for each of thousands.
  owner             text,
  last_look_at      timestamptz,
  looks             int not null default 0,
  failures          int not null default 0,        -- in a row
  note              text,                          -- what the last look saw
  check ((args is null) <> (sealed_args is null))
);
create index waiter_free on waiter (created_at) where owner is null;
create index waiter_of_owner on waiter (owner);
create index waiter_timeout on waiter (timeout_at) where timeout_at is not null;

-- {event, state}: what the next attempt's body is told.
alter table task_instance add column resumed jsonb;

-- Whoever takes an instance out of its wait (an answer, a person, a run that is given up) ends the wait with it.
create function drop_waiter() returns trigger language plpgsql as $drop$
begin
  delete from waiter where task_instance_id = old.task_instance_id;
  return null;
end $drop$;
create trigger drop_waiter after update of state on task_instance
  for each row when (old.state = 'deferred' and new.state <> 'deferred') execute function drop_waiter();

-- What was sent to POST /api/v2/events/<name>. Every wait for the name sees it; pruned by age.
create table received_event (
  event_id     bigint generated always as identity primary key,
  name         text not null,
  payload      jsonb not null,
  received_at  timestamptz not null default clock_timestamp(),
  sender       text not null
);
create index received_event_by_name on received_event (name, event_id);
create index received_event_by_age on received_event (received_at);
