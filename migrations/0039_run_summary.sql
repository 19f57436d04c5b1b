-- 0039_run_summary: what the lists of task instances know of a run that has ended, without reading its instances: how many are in
-- each state, and between which instants they began and ended. A million instances are ten thousand of these rows.
-- Safe for: any version (a summary that does not fit the run is not believed, and older processes write none).

-- Holds while the run has this end and this revision: whoever changes instances of a run that has ended raises its revision in the
-- same transaction, and both were read by the statement that counted. So nothing has to be told that a summary is stale.
create table dag_run_summary (
  dag_run_id       uuid primary key references dag_run on delete cascade,
  ended_at         timestamptz not null,
  revision         bigint not null,
  -- Task instances in each of the states of one that has ended; a run with another instance has no summary.
  success          int not null,
  failed           int not null,
  skipped          int not null,
  upstream_failed  int not null,
  removed          int not null,
  unstarted        int not null,                  -- have no start
  unended          int not null,                  -- have no end
  first_started_at timestamptz,
  last_started_at  timestamptz,
  first_ended_at   timestamptz,
  last_ended_at    timestamptz,
  first_map_index  int,
  last_map_index   int
);

-- An instance may be deleted from a run that has ended, by any version: the run is another then. A run that goes takes all with it.
create or replace function drop_history() returns trigger language plpgsql as $drop$
begin
  delete from task_instance_event e using gone where e.task_instance_id = gone.task_instance_id;
  delete from task_attempt a using gone where a.task_instance_id = gone.task_instance_id;
  delete from xcom x using gone where x.task_instance_id = gone.task_instance_id;
  update dag_run r set revision = r.revision + 1
   where r.dag_run_id in (select dag_run_id from gone) and r.ended_at is not null;
  return null;
end $drop$;
