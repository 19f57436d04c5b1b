/** The numbers of the home page, in one statement. Called by GET /ui/api/home. Locks nothing; always one row. */
import type { Queryable } from '../../client.ts';

const READ_HOME_COUNTS = {
  name: 'read_home_counts',
  text: `
with recent as materialized (
  select dag_run_id, state from dag_run where run_after > clock_timestamp() - interval '24 hours' and run_after <= clock_timestamp()
), alive as (
  select slots, running from service
   where kind = 'worker' and stopped_at is null and last_heartbeat_at > clock_timestamp() - interval '30 seconds'
)
select (select count(*)::int from dag where not is_stale) as dags,
       (select count(*)::int from dag where not is_stale and is_paused) as paused,
       (select count(*)::int from import_error) as import_errors,
       (select coalesce(jsonb_object_agg(state, count), '{}') from (select state, count(*) from recent group by state) s) as runs,
       (select coalesce(jsonb_object_agg(state, count), '{}')
          from (select ti.state, count(*) from recent join task_instance ti using (dag_run_id) group by ti.state) s) as task_instances,
       (select count(*)::int from alive) as workers,
       (select coalesce(sum(slots), 0)::int from alive) as slots,
       (select coalesce(sum(running), 0)::int from alive) as running`,
};

export interface HomeCounts {
  readonly dags: number;
  readonly paused: number;
  readonly import_errors: number;
  /** Over the last 24 hours, by state; absent = 0. */
  readonly runs: Readonly<Record<string, number>>;
  readonly task_instances: Readonly<Record<string, number>>;
  readonly workers: number;
  readonly slots: number;
  readonly running: number;
}

export async function readHomeCounts(db: Queryable): Promise<HomeCounts> {
  return (await db.query<HomeCounts>(READ_HOME_COUNTS)).rows[0]!;
}
