-- 0017_approval: what people are asked by tasks, and what they answered. Safe for: older code, which asks nobody.

-- One row per question. Made with the waiter of the kind `answer`, and closed with it: whoever ends the wait (an answer, the
-- time limit, a clear, a mark, the end of the run) closes the question in the same statement.
create table approval_request (
  approval_id       uuid primary key default new_id(),
  task_instance_id  uuid not null references task_instance on delete cascade,
  lease_epoch       bigint not null,               -- the instance's when it asked
  try_number        int not null,
  subject           text not null,
  body              text,                          -- markdown
  options           text[] not null,
  defaults          text[] not null,               -- what counts when nobody answers in time; empty = the task fails then
  multiple          boolean not null,
  form_schema       jsonb,
  form_defaults     jsonb not null,
  assignees         text[] not null,               -- user names; empty = everybody whose role allows it
  created_at        timestamptz not null default clock_timestamp(),
  timeout_at        timestamptz,
  chosen            text[],                        -- null = not answered
  form              jsonb,
  responded_by      text,                          -- null = the time limit answered, by the defaults
  responded_at      timestamptz,
  closed_at         timestamptz,                   -- nothing can be answered any more
  closed_as         text check (closed_as in ('answered', 'timed_out', 'withdrawn')),
  unique (task_instance_id, lease_epoch),
  check ((responded_at is null) = (chosen is null)),
  check ((closed_at is null) = (closed_as is null))
);
create index approval_request_open on approval_request (created_at) where closed_at is null;
create index approval_request_recent on approval_request (created_at desc);

create function open_approval() returns trigger language plpgsql as $open$
begin
  insert into approval_request (task_instance_id, lease_epoch, try_number, subject, body, options, defaults, multiple, form_schema, form_defaults,
                                assignees, timeout_at)
  select new.task_instance_id, new.lease_epoch, ti.try_number, new.args ->> 'subject', d ->> 'body',
         array(select jsonb_array_elements_text(d -> 'options')), array(select jsonb_array_elements_text(d -> 'defaults')),
         coalesce((d ->> 'multiple')::boolean, false), nullif(d -> 'formSchema', 'null'::jsonb), coalesce(d -> 'formDefaults', '{}'),
         array(select jsonb_array_elements_text(d -> 'assignees')), new.timeout_at
    from (select new.args -> 'details' as d) a join task_instance ti on ti.task_instance_id = new.task_instance_id
   where jsonb_typeof(d -> 'options') = 'array'
  on conflict do nothing;
  return null;
end $open$;
create trigger open_approval after insert on waiter for each row when (new.kind = 'answer') execute function open_approval();

create function close_approval() returns trigger language plpgsql as $close$
begin
  update approval_request
     set closed_at = clock_timestamp(),
         closed_as = case when responded_at is not null then 'answered' when timeout_at <= clock_timestamp() then 'timed_out' else 'withdrawn' end,
         chosen = case when responded_at is null and timeout_at <= clock_timestamp() and defaults <> '{}' then defaults else chosen end,
         responded_at = case when responded_at is null and timeout_at <= clock_timestamp() and defaults <> '{}' then clock_timestamp() else responded_at end
   where task_instance_id = old.task_instance_id and lease_epoch = old.lease_epoch and closed_at is null;
  return null;
end $close$;
create trigger close_approval after delete on waiter for each row when (old.kind = 'answer') execute function close_approval();
