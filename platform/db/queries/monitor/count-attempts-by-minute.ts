/**
 * countAttemptsByMinute
 *   who:   monitor, for the overview's chart and its totals of the last hour
 *   locks: nothing
 *   index: the attempts' ids, which sort by time. An attempt that ran for more than a day before it ended is not seen.
 *   zero rows: never, there is one row a minute
 */
import type { Queryable } from '../../client.ts';

export interface MinuteRow {
  /** Start of the minute, UTC. */
  readonly at: Date;
  readonly succeeded: number;
  readonly failed: number;
}

const COUNT_ATTEMPTS_BY_MINUTE = {
  name: 'monitor_count_attempts_by_minute',
  text: `
    with ended as (
      select date_trunc('minute', ended_at) as at,
             count(*) filter (where outcome = 'success') as succeeded,
             count(*) filter (where outcome in ('failed', 'lost', 'killed')) as failed
        from task_attempt
       where attempt_id >= least_id(now() - interval '1 day')
         and ended_at >= date_trunc('minute', now()) - interval '59 minutes'
       group by 1
    )
    select minute.at, coalesce(ended.succeeded, 0)::int as succeeded, coalesce(ended.failed, 0)::int as failed
      from generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), interval '1 minute') as minute (at)
      left join ended on ended.at = minute.at
     order by minute.at`,
};

/** Counts the attempts that ended in each of the last sixty minutes, oldest minute first, always sixty rows. */
export async function countAttemptsByMinute(db: Queryable): Promise<readonly MinuteRow[]> {
  return (await db.query<MinuteRow>(COUNT_ATTEMPTS_BY_MINUTE)).rows;
}
