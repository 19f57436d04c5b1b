/** What holds between a DAG's timetable and the runs it made: asked of the same pure timetable that made them. */
import type { DagSpec } from '#core/dag-spec.ts';
import { type Ticks, ticksOf } from '#core/timetable/ticks.ts';
import type { Queryable } from '../client.ts';
import { type Invariant, REPORT_IT } from './invariant.ts';

interface ScheduledRun {
  readonly name: string;
  readonly dagId: string;
  readonly versionId: string;
  readonly tickMs: number;
  readonly schedule: DagSpec['schedule'];
  readonly startDate: string | null;
  readonly catchup: DagSpec['catchup'];
  /** Somebody deleted runs of the DAG: gaps are theirs. */
  readonly hasDeletedRuns: boolean;
}

const RUNS_MAX = 20_000;

/** The tick of a run is the end of its interval. Runs of backfills, and those a person made, are no concern of the timetable. */
const SCHEDULED = {
  name: 'list_runs_of_timetables',
  text: `
select r.dag_id || ' ' || r.run_id as name, r.dag_id as "dagId", r.version_id as "versionId", (extract(epoch from r.data_interval_end) * 1000)::float8 as "tickMs",
       v.spec -> 'schedule' as schedule, v.spec ->> 'startDate' as "startDate", v.spec -> 'catchup' as catchup,
       exists (select 1 from audit_log a where a.dag_id = r.dag_id and a.action like '%delete%') as "hasDeletedRuns"
  from dag_run r join dag_version v on v.version_id = r.version_id and v.created_at <= r.queued_at
 where r.run_type = 'scheduled' and r.triggered_by = 'timetable' and r.data_interval_end is not null
   and (r.ended_at is null or r.ended_at > clock_timestamp() - $1 * interval '1 millisecond')
 order by r.dag_id, r.data_interval_end limit ${RUNS_MAX}`,
};

async function violations(db: Queryable, historyMs: number): Promise<readonly string[]> {
  const { rows } = await db.query<ScheduledRun>(SCHEDULED, [historyMs]);
  return rows.flatMap((run, index) => {
    const ticks = ticksOf(run.schedule, run.startDate === null ? null : Date.parse(run.startDate));
    if (ticks === null) return [];
    return [...invented(run, ticks), ...lost(rows[index - 1], run, ticks)];
  });
}

function invented(run: ScheduledRun, ticks: Ticks): readonly string[] {
  return ticks.next(run.tickMs - 1) === run.tickMs ? [] : [`${run.name}: ${iso(run.tickMs)} is no tick of its schedule`];
}

/** Only where every tick makes a run, and for neighbours of one version: what was the schedule between others is not written down. */
function lost(before: ScheduledRun | undefined, run: ScheduledRun, ticks: Ticks): readonly string[] {
  if (before?.dagId !== run.dagId || before.versionId !== run.versionId || run.catchup !== true || run.hasDeletedRuns) return [];
  const expected = ticks.next(before.tickMs);
  return expected === null || expected >= run.tickMs ? [] : [`${run.name}: there is no run for ${iso(expected)}, the tick before its own`];
}

const iso = (ms: number): string => new Date(ms).toISOString();

export const TIMETABLE_INVARIANTS: readonly Invariant[] = [
  {
    id: 'INV-10',
    promise: 'Each run of a timetable is one of its ticks, and with catchup no tick between two of them is missing.',
    next: REPORT_IT,
    violations,
  },
];
