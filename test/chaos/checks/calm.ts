/** What is promised while nothing is broken: that bells are heard, not only that their loss is repaired. */
import { RERING_AFTER_MS } from '../settings.ts';
import type { Check } from './check.ts';

const CLAIMS_MIN = 10;

export const CALM_CHECK: Check = {
  id: 'CALM',
  promise: 'While nothing is broken, a worker hears of a task when it is queued, not when it is rung again.',
  async violations({ cluster, isCalm }) {
    if (!isCalm) return [];
    const rows = await cluster.sql<{ n: number; ms: number }>(`
      select count(*)::int as n, (percentile_cont(0.5) within group (order by ms))::float8 as ms
        from (select extract(epoch from at - lag(at) over (partition by task_instance_id order by event_id)) * 1000 as ms, event from task_instance_event) e
       where event = 'start'`);
    const { n = 0, ms = 0 } = rows[0] ?? {};
    if (n < CLAIMS_MIN) return [`only ${n} claims: nothing was tested`];
    return ms < RERING_AFTER_MS / 2 ? [] : [`half of ${n} claims came ${Math.round(ms)} ms after the task was queued, or later`];
  },
};
