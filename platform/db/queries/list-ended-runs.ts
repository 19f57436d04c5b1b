/**
 * Runs that ended after an instant, oldest first. Called by standalone once a second for its terminal lines.
 * Locks nothing. Zero runs = none ended. Looks only at runs that began lately (index dag_run_by_time).
 */
import type { Queryable, Statement } from '../client.ts';

export interface EndedRun {
  readonly dag_id: string;
  readonly run_id: string;
  readonly state: 'success' | 'failed';
  readonly seconds: number;
}

const STATEMENT: Statement = {
  name: 'list_ended_runs',
  text: `
    select d.now, r.dag_id, r.run_id, r.state, r.seconds
    from (select date_trunc('milliseconds', clock_timestamp()) as now) d
    left join lateral (
      select dag_id, run_id, state, ended_at, extract(epoch from ended_at - coalesce(started_at, queued_at))::float8 as seconds
      from (select * from dag_run order by run_after desc, dag_run_id desc limit 200) recent
      where ended_at > $1::timestamptz and ended_at <= d.now
      order by ended_at limit $2
    ) r on true`,
};

export async function listEndedRuns(db: Queryable, after: Date | null, limit: number): Promise<{ now: Date; runs: readonly EndedRun[] }> {
  const { rows } = await db.query<EndedRun & { now: Date }>(STATEMENT, [after, limit]);
  return { now: (rows[0] as { now: Date }).now, runs: rows.filter((row) => row.dag_id !== null) };
}
