-- 0023_lean_writes: what a task's rows cost when they are written, and nobody needs.
-- Safe for: any version. Its indexes were read by the monitor, which finds the same without them, if slower in older processes.

-- Tables in the order in which those who write lock them. The key of the events takes a second or so for each million of them,
-- and nobody writes meanwhile.

-- Each statement reads each check anew, as text, and these are long. States are in the guard's hands, and an outcome is one of the
-- words in finish-attempts.ts and in the statements that close attempts for a worker that is gone.
alter table task_instance drop constraint task_instance_state_check;
alter table task_attempt drop constraint task_attempt_outcome_check;

-- An attempt is written twice, at its claim and at its end. No index holds what its end changes, so that only the row is written
-- then, on its own page. That one attempt is open, and one wins, follows from the moves of its instance: the guard (migrate.ts)
-- refuses a claim of what runs already, and INV-05 to INV-07 and INV-13 look at the rows.
drop index task_attempt_one_live;
drop index task_attempt_one_winner;
-- Ids of attempts sort by time (UUIDv7).
drop index task_attempt_recent;
alter table task_attempt set (fillfactor = 80);

-- The least id that was made at an instant or later.
create function least_id(since timestamptz) returns uuid language sql stable parallel safe as $$
  select (lpad(to_hex((extract(epoch from since) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Events are found by their instance.
create unique index task_instance_event_key on task_instance_event (task_instance_id, event_id);
alter table task_instance_event drop constraint task_instance_event_pkey;
alter table task_instance_event add constraint task_instance_event_pkey primary key using index task_instance_event_key;
drop index task_instance_event_of;

-- What plugins hear of task instances is written while one listens; else the trigger is off, and writing an event costs nothing of it.
create function hear_task_instances() returns trigger language plpgsql as $hear$
declare
  listens boolean;
begin
  -- One at a time: the next one sees the plugins of the one before.
  perform pg_advisory_xact_lock(hashtext('hear_task_instances'));
  listens := exists (select 1 from plugin where error is null and provides -> 'listeners' ?|
      array['onTaskInstanceRunning', 'onTaskInstanceSuccess', 'onTaskInstanceFailed', 'onTaskInstanceSkipped']);
  if listens <> (select tgenabled <> 'D' from pg_trigger where tgrelid = 'task_instance_event'::regclass and tgname = 'tell_plugins') then
    execute format('alter table task_instance_event %s trigger tell_plugins', case when listens then 'enable' else 'disable' end);
  end if;
  return null;
end $hear$;
create trigger hear_task_instances after insert or delete or update of provides, error on plugin
  for each statement execute function hear_task_instances();
-- As it is now.
update plugin set error = error where false;
