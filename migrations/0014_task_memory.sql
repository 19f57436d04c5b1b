-- 0014_task_memory: what a task keeps from try to try, its rendered fields, and values kept outside of Postgres.
-- Safe for: any version (adds tables and nullable columns).

create table task_state (
  task_instance_id uuid not null references task_instance on delete cascade,
  key              text not null,
  value            jsonb not null,                  -- as sdk/runtime/value-codec.ts encodes it
  bytes            int not null,
  updated_at       timestamptz not null default clock_timestamp(),
  primary key (task_instance_id, key)
);

-- The template fields of the newest try as they were rendered, masked and cut by the worker.
create table rendered_field (
  task_instance_id uuid primary key references task_instance on delete cascade,
  fields           jsonb not null,                  -- name -> text
  rendered_at      timestamptz not null default clock_timestamp()
);

-- A value above the threshold lies in the XCom backend; then `value` is null.
alter table xcom add column ref text, add column hash text;
