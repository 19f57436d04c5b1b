/**
 * checkInvariants    who: `windlass doctor`, the chaos checker, tests. Locks nothing.
 * Asks for every invariant who breaks it, over the runs that have not ended and those that ended lately. Zero rows = it holds.
 */
import type { Queryable } from '../client.ts';
import { ATTEMPT_INVARIANTS } from './attempts.ts';
import { HISTORY_INVARIANTS } from './history.ts';
import type { Invariant } from './invariant.ts';
import { LEFT_BEHIND_INVARIANTS } from './left-behind.ts';
import { LIVENESS_RULES } from './liveness.ts';
import { PRESENT_INVARIANTS } from './now.ts';
import { TIMETABLE_INVARIANTS } from './timetables.ts';

const VIOLATIONS_MAX = 20;

export const INVARIANTS: readonly Invariant[] = [
  ...HISTORY_INVARIANTS,
  ...ATTEMPT_INVARIANTS,
  ...PRESENT_INVARIANTS,
  ...LEFT_BEHIND_INVARIANTS,
  ...TIMETABLE_INVARIANTS,
  ...LIVENESS_RULES,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));

export interface CheckedInvariant extends Pick<Invariant, 'id' | 'promise' | 'next'> {
  /** Who breaks it, with ids; empty = it holds. */
  readonly violations: readonly string[];
  /** There are more than these. */
  readonly hasMore: boolean;
  /** Why it could not be checked, in the database's words. */
  readonly error: string | null;
}

/** `historyMs`: how long ago a run may have ended. */
export async function checkInvariants(db: Queryable, historyMs: number): Promise<readonly CheckedInvariant[]> {
  const checked: CheckedInvariant[] = [];
  for (const invariant of INVARIANTS) checked.push(await checkInvariant(db, invariant, historyMs));
  return checked;
}

async function checkInvariant(db: Queryable, invariant: Invariant, historyMs: number): Promise<CheckedInvariant> {
  const { id, promise, next } = invariant;
  try {
    const found =
      typeof invariant.violations === 'string'
        ? (await db.query<{ detail: string }>(statementOf(id, invariant.violations), [historyMs])).rows.map((row) => row.detail)
        : await invariant.violations(db, historyMs);
    return { id, promise, next, violations: found.slice(0, VIOLATIONS_MAX), hasMore: found.length > VIOLATIONS_MAX, error: null };
  } catch (error) {
    return { id, promise, next, violations: [], hasMore: false, error: (error as Error).message };
  }
}

/** `name` says a run or an instance as people know it. `told` is `ti` with the end of its history: a look-up for each instance. */
function statementOf(id: string, violations: string) {
  const text = `
with recent as (
  select dag_run_id, dag_id, run_id, state, shard, version_id, queued_at, started_at, dag_id || ' ' || run_id as name
    from dag_run where ended_at is null or ended_at > clock_timestamp() - $1 * interval '1 millisecond'
), ti as (
  select i.*, r.name || ' ' || i.task_id || case when i.map_index < 0 then '' else '[' || i.map_index || ']' end
              || ' (' || i.task_instance_id || ')' as name
    from recent r join task_instance i using (dag_run_id)
), told as (
  select ti.*, l.event as last_event, l.to_state as last_state
    from ti left join lateral (select e.event, e.to_state from task_instance_event e
                                where e.task_instance_id = ti.task_instance_id order by e.event_id desc limit 1) l on true
)
select detail from (${violations}) v limit ${VIOLATIONS_MAX + 1}`;
  return { name: `check_${id}`, text, unprepared: true } as const;
}
