/** A pool with what is in it now. Only unfinished runs hold slots, so the count is found by run. */
export interface PoolRow {
  readonly name: string;
  readonly slots: number;
  readonly description: string | null;
  readonly include_deferred: boolean;
  readonly running: number;
  readonly queued: number;
  readonly scheduled: number;
  readonly deferred: number;
}

export const POOL_COLUMNS = `p.name, p.slots, p.description, p.include_deferred, coalesce(u.running, 0)::int as running,
  coalesce(u.queued, 0)::int as queued, coalesce(u.scheduled, 0)::int as scheduled, coalesce(u.deferred, 0)::int as deferred`;

export const POOL_FROM = `pool p left join (
    select ti.pool, sum(ti.pool_slots) filter (where ti.state in ('running', 'restarting')) as running,
           sum(ti.pool_slots) filter (where ti.state = 'queued') as queued,
           sum(ti.pool_slots) filter (where ti.state = 'scheduled') as scheduled,
           sum(ti.pool_slots) filter (where ti.state = 'deferred') as deferred
      from dag_run r join task_instance ti using (dag_run_id)
     where r.state in ('queued', 'running') group by ti.pool) u on u.pool = p.name`;
