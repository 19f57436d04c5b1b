/**
 * countProcesses
 *   who:   monitor, for the overview's strip of processes and /metrics
 *   locks: nothing
 *   zero rows: nothing but the database runs
 */
import type { Queryable } from '../../client.ts';

export interface ProcessRow {
  readonly kind: string;
  readonly online: number;
  readonly lost: number;
  /** Age of the newest heartbeat of the kind, in milliseconds. */
  readonly youngest_age_ms: number;
  /** Of triggerers that are online: the waits each looks after. Null for other kinds. */
  readonly waiters: readonly number[] | null;
}

const COUNT_PROCESSES = {
  name: 'monitor_count_processes',
  text: `
    select kind,
           count(*) filter (where last_heartbeat_at >= clock_timestamp() - make_interval(secs => $1::float8 / 1000))::int as online,
           count(*) filter (where last_heartbeat_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000))::int as lost,
           (extract(epoch from clock_timestamp() - max(last_heartbeat_at)) * 1000)::float8 as youngest_age_ms,
           case when kind = 'triggerer' then array(select coalesce(t.running, 0) from service t where t.kind = 'triggerer' and t.stopped_at is null
             and t.last_heartbeat_at >= clock_timestamp() - make_interval(secs => $1::float8 / 1000) order by t.started_at) end as waiters
      from service
     where stopped_at is null
       and last_heartbeat_at > clock_timestamp() - interval '1 day'
     group by kind
     order by kind`,
};

/** Counts the processes of each kind; one silent for longer than `lostAfterMs` is lost. */
export async function countProcesses(db: Queryable, lostAfterMs: number): Promise<readonly ProcessRow[]> {
  return (await db.query<ProcessRow>(COUNT_PROCESSES, [lostAfterMs])).rows;
}
