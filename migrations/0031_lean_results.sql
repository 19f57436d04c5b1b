-- 0031_lean_results: results go with their instance by the statement that takes its history, instead of a reference that is
-- looked up for each result that is written.
-- Safe for: any version (whoever writes a result has just written its instance, and holds its lock).

alter table xcom drop constraint xcom_task_instance_id_fkey;

create or replace function drop_history() returns trigger language plpgsql as $drop$
begin
  delete from task_instance_event e using gone where e.task_instance_id = gone.task_instance_id;
  delete from task_attempt a using gone where a.task_instance_id = gone.task_instance_id;
  delete from xcom x using gone where x.task_instance_id = gone.task_instance_id;
  return null;
end $drop$;
