import type { Queryable } from '../../client.ts';

export interface SettledDeadline {
  readonly dagId: string;
  readonly runId: string;
  readonly name: string;
  readonly isMissed: boolean;
  readonly hasCallbacks: boolean;
}

const SETTLE = {
  name: 'settle_deadlines',
  text: `
with due as (
  select d.deadline_id, r.dag_id, r.run_id, r.ended_at is not null and r.ended_at <= d.due_at as is_met
    from deadline d join dag_run r on r.dag_run_id = d.dag_run_id
   where d.missed_at is null and d.met_at is null and d.due_at <= clock_timestamp() and r.shard = any($1::smallint[])
   order by d.due_at limit 500
   for update of d skip locked
), settled as (
  update deadline d
     set missed_at = case when u.is_met then null else clock_timestamp() end, met_at = case when u.is_met then clock_timestamp() end
    from due u where d.deadline_id = u.deadline_id
  returning d.*, u.dag_id, u.run_id, u.is_met
), callbacks as (
  insert into callback_request (dag_run_id, deadline_id, kind, slot, position, name, reason, message)
  select s.dag_run_id, s.deadline_id, 'on_deadline', s.slot, n.position - 1, n.name, 'deadline_missed',
         'the run had not ended by its deadline (' || s.name || ')'
    from settled s cross join lateral unnest(s.callbacks) with ordinality as n(name, position)
   where not s.is_met
)
select dag_id as "dagId", run_id as "runId", name, not is_met as "isMissed", not is_met and cardinality(callbacks) > 0 as "hasCallbacks" from settled`,
};

const NEXT = {
  name: 'next_deadline',
  text: `
select (extract(epoch from min(d.due_at) - clock_timestamp()) * 1000)::float8 as "inMs"
  from (select due_at, dag_run_id from deadline where missed_at is null and met_at is null order by due_at limit 100) d
  join dag_run r on r.dag_run_id = d.dag_run_id and r.shard = any($1::smallint[])`,
};

/**
 * settleDeadlines    who: scheduler, at the instant the next one is due. Locks the due rows (skip locked).
 * By the run's own end: met if it had ended by then, else missed, and then its callbacks are requested by the same
 * statement, so once. Zero rows = nothing was due.
 */
export async function settleDeadlines(db: Queryable, shards: readonly number[]): Promise<readonly SettledDeadline[]> {
  return (await db.query<SettledDeadline>(SETTLE, [shards])).rows;
}

/** Milliseconds until the next open deadline of these shards is due; null = none of the next hundred is theirs. */
export async function nextDeadlineMs(db: Queryable, shards: readonly number[]): Promise<number | null> {
  return (await db.query<{ inMs: number | null }>(NEXT, [shards])).rows[0]?.inMs ?? null;
}
