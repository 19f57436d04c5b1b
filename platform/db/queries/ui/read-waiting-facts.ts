/**
 * What an instance that has not started may be waiting for: its DAG, its run's place, its pool, its queue's workers,
 * its upstream tasks. Called by the instance page. Zero rows: no such instance.
 */
import type { Queryable } from '../../client.ts';

const READ_WAITING_FACTS = {
  name: 'read_waiting_facts',
  text: `
select d.is_paused,
       (select count(*)::int from dag_run x where x.shard = d.shard and x.dag_id = d.dag_id and x.state = 'running'
           and x.backfill_id is not distinct from r.backfill_id) as running_runs,
       (b.is_paused and b.completed_at is null) as is_backfill_paused, b.max_active_runs as backfill_max_active_runs,
       p.slots as pool_slots,
       (select coalesce(sum(t.pool_slots), 0)::int from dag_run x join task_instance t using (dag_run_id)
         where x.state in ('queued', 'running') and t.pool = ti.pool and t.state in ('queued', 'running', 'restarting')) as pool_occupied,
       w.workers, w.free_slots,
       (select coalesce(jsonb_object_agg(task_id, is_done), '{}')
          from (select u.task_id, bool_and(u.state in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')) as is_done
                  from task_instance u where u.dag_run_id = ti.dag_run_id and u.task_id = any($2) group by u.task_id) s) as upstream
  from task_instance ti
  join dag_run r using (dag_run_id) join dag d using (dag_id) left join pool p on p.name = ti.pool
  left join backfill b on b.backfill_id = r.backfill_id
 cross join lateral (select count(*)::int as workers, coalesce(sum(greatest(s.slots - s.running, 0)), 0)::int as free_slots from service s
                      where s.kind = 'worker' and s.stopped_at is null and coalesce(s.state, 'running') = 'running'
                        and s.last_heartbeat_at > clock_timestamp() - interval '30 seconds' and ti.queue = any(s.queues)) w
 where ti.task_instance_id = $1`,
};

export interface WaitingFacts {
  readonly is_paused: boolean;
  /** Of the run's backfill, or of the DAG without its backfills: what counts against the same limit. */
  readonly running_runs: number;
  /** Null: the run belongs to no backfill. */
  readonly is_backfill_paused: boolean | null;
  readonly backfill_max_active_runs: number | null;
  /** Null: there is no such pool. -1: no limit. */
  readonly pool_slots: number | null;
  readonly pool_occupied: number;
  /** Workers that listen on the instance's queue and take work. */
  readonly workers: number;
  readonly free_slots: number;
  /** Upstream task id -> whether all its instances have ended. */
  readonly upstream: Readonly<Record<string, boolean>>;
}

export async function readWaitingFacts(db: Queryable, taskInstanceId: string, upstream: readonly string[]): Promise<WaitingFacts | null> {
  return (await db.query<WaitingFacts>(READ_WAITING_FACTS, [taskInstanceId, upstream])).rows[0] ?? null;
}
