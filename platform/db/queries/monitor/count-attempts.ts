/**
 * countAttemptsByOutcome
 *   who:   monitor, for the numbers on the tasks page's state buttons
 *   locks: nothing
 *   index: the attempts' ids, which sort by time; what runs is found by the unfinished runs
 *   zero rows: no task ran in the last hour
 */
import type { Queryable } from '../../client.ts';

export interface OutcomeCountRow {
  /** An outcome, or "running". */
  readonly state: string;
  readonly count: number;
}

/** A worker's clock, which made the id, may be some minutes off. */
const CLAIMED_WITHIN_AN_HOUR = `attempt_id >= least_id(now() - interval '70 minutes') and claimed_at > now() - interval '1 hour'`;

const COUNT_ATTEMPTS_BY_OUTCOME = {
  name: 'monitor_count_attempts_by_outcome',
  text: `
    select outcome as state, count(*)::int as count
      from task_attempt
     where ${CLAIMED_WITHIN_AN_HOUR}
       and ended_at is not null
     group by outcome
     union all
    select 'running', count(*)::int
      from dag_run r join task_instance ti on ti.dag_run_id = r.dag_run_id and ti.state = 'running'
     where r.state in ('queued', 'running')`,
};

/** Counts what runs now and, by outcome, what was started within the last hour and has ended. */
export async function countAttemptsByOutcome(db: Queryable): Promise<readonly OutcomeCountRow[]> {
  return (await db.query<OutcomeCountRow>(COUNT_ATTEMPTS_BY_OUTCOME)).rows;
}
