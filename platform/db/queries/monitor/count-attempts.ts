/**
 * countAttemptsByOutcome
 *   who:   monitor, for the numbers on the tasks page's state buttons
 *   locks: nothing
 *   index: task_attempt_recent and task_attempt_one_live
 *   zero rows: no task ran in the last hour
 */
import type { Queryable } from '../../client.ts';

export interface OutcomeCountRow {
  /** An outcome, or "running". */
  readonly state: string;
  readonly count: number;
}

const COUNT_ATTEMPTS_BY_OUTCOME = {
  name: 'monitor_count_attempts_by_outcome',
  text: `
    select outcome as state, count(*)::int as count
      from task_attempt
     where claimed_at > clock_timestamp() - interval '1 hour'
       and ended_at is not null
     group by outcome
     union all
    select 'running', count(*)::int
      from task_attempt
     where ended_at is null`,
};

/** Counts what runs now and, by outcome, what was started within the last hour and has ended. */
export async function countAttemptsByOutcome(db: Queryable): Promise<readonly OutcomeCountRow[]> {
  return (await db.query<OutcomeCountRow>(COUNT_ATTEMPTS_BY_OUTCOME)).rows;
}
