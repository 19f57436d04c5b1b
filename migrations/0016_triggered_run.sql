-- 0016_triggered_run: which task triggered a run. Safe for: older code, which writes and reads none of it.

alter table dag_run
  add column triggering_instance_id uuid references task_instance on delete set null,
  add column triggering_clear_number int;          -- the instance's when it triggered: a cleared task triggers anew
create index dag_run_by_trigger on dag_run (triggering_instance_id) where triggering_instance_id is not null;
