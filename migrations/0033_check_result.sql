-- 0033_check_result: what the in-line checks of an attempt found. Safe for: any version (a new table; a worker that does not know it
-- writes none, and the page then shows the checks as not run).

create table check_result (
  attempt_id  uuid not null references task_attempt on delete cascade,
  position    smallint not null,                  -- in the author's order
  name        text not null,
  passed      boolean not null,
  message     text,                               -- what the check said; null = nothing
  primary key (attempt_id, position)
);
