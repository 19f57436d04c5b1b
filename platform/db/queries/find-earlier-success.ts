/**
 * findEarlierSuccess
 *   who:   worker, when a template asks for prev_…_success
 *   locks: nothing; reads back from the run by logical date
 *   zero rows: no earlier run has succeeded, or the run has no logical date
 */
import type { EarlierRun } from '#core/task-protocol.ts';
import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'find_earlier_success',
  text: `
select p.data_interval_start as "intervalStart", p.data_interval_end as "intervalEnd", p.started_at as "startedAt", p.ended_at as "endedAt"
  from dag_run r join dag_run p on p.dag_id = r.dag_id and p.logical_date < r.logical_date and p.state = 'success'
 where r.dag_run_id = $1
 order by p.logical_date desc limit 1`,
};

interface Row {
  readonly intervalStart: Date | null;
  readonly intervalEnd: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export async function findEarlierSuccess(db: Queryable, dagRunId: string): Promise<EarlierRun | null> {
  const [row] = (await db.query<Row>(STATEMENT, [dagRunId])).rows;
  if (row === undefined) return null;
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  const { intervalStart, intervalEnd, startedAt, endedAt } = row;
  return { dataIntervalStart: iso(intervalStart), dataIntervalEnd: iso(intervalEnd), startedAt: iso(startedAt), endedAt: iso(endedAt) };
}
