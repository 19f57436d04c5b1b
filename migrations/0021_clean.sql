-- 0021_clean: what `windlass db clean` finds by age, and what a deleted deadline is looked for in. Safe for: any version (adds indexes).

create index dag_run_by_end on dag_run (ended_at) where ended_at is not null;
create index callback_request_of_deadline on callback_request (deadline_id) where deadline_id is not null;
