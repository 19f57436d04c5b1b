/** What is promised while nothing is broken, only slow: that bells are heard, not only that their loss is repaired. */
import { RERING_AFTER_MS } from '../settings.ts';
import type { Check } from './check.ts';

const CLAIMS_MIN = 10;
const LATE_PERCENT_MAX = 20;

/** For runs in which workers always have free slots. */
export const CALM_CHECK: Check = {
  id: 'CALM',
  promise: 'While nothing is broken, a worker hears of a task when it is queued, not when it is rung again.',
  async violations({ cluster, isCalm }) {
    if (!isCalm) return [];
    const rows = await cluster.sql<{ claims: number; late: number }>(
      `select count(*)::int as claims, (count(*) filter (where waited >= $1 * interval '1 millisecond'))::int as late
         from (select event, at - lag(at) over (partition by task_instance_id order by event_id) as waited from task_instance_event) e
        where event = 'start'`,
      [RERING_AFTER_MS],
    );
    const { claims = 0, late = 0 } = rows[0] ?? {};
    if (claims < CLAIMS_MIN) return [`only ${claims} claims: nothing was tested`];
    return late * 100 <= claims * LATE_PERCENT_MAX ? [] : [`${late} of ${claims} tasks were claimed only when they were rung again`];
  },
};
