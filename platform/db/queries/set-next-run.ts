import type { Queryable } from '../client.ts';

export interface NextRunOfDag {
  readonly dagId: string;
  readonly logicalDate: Date | null;
  readonly intervalStart: Date | null;
  readonly intervalEnd: Date | null;
  readonly runAfter: Date | null;
}

const STATEMENT = {
  name: 'set_next_runs',
  text: `
update dag d set next_logical_date = n.logical_date, next_interval_start = n.interval_start, next_interval_end = n.interval_end, next_run_after = n.run_after
  from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
    as n(dag_id, logical_date, interval_start, interval_end, run_after)
 where d.dag_id = n.dag_id and d.next_run_after is distinct from n.run_after`,
};

/** setNextRuns    who: scheduler; for people to see (the scheduler computes from the spec). Locks the DAG rows. */
export async function setNextRuns(db: Queryable, next: readonly NextRunOfDag[]): Promise<void> {
  await db.query(STATEMENT, [
    next.map((one) => one.dagId),
    next.map((one) => one.logicalDate),
    next.map((one) => one.intervalStart),
    next.map((one) => one.intervalEnd),
    next.map((one) => one.runAfter),
  ]);
}
