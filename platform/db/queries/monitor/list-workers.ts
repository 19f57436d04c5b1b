/**
 * listWorkerRows
 *   who:   monitor, for the overview, the workers page, /metrics and after each control
 *   locks: nothing
 *   index: service has one row a process; the whole table is small (a sweep removes old rows)
 *   zero rows: no worker was seen lately, or none has the id asked for
 *
 * Stopped workers are shown for an hour and lost ones for a day, so that the page forgets them by itself.
 * Ages are the database's, because two machines' clocks must not be compared.
 */
import type { Queryable } from '../../client.ts';

export interface WorkerRow {
  readonly service_id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly started_at: Date;
  readonly last_heartbeat_at: Date;
  readonly stopped_at: Date | null;
  readonly heartbeat_age_ms: number;
  readonly state: string | null;
  readonly queues: readonly string[] | null;
  readonly slots: number | null;
  readonly running: number | null;
  readonly processed: number | null;
  readonly failed: number | null;
  readonly info: Readonly<Record<string, unknown>>;
  readonly desired_state: string | null;
  readonly desired_slots: number | null;
}

const LIST_WORKERS = {
  name: 'monitor_list_workers',
  text: `
    select service_id, hostname, pid, version, started_at, last_heartbeat_at, stopped_at,
           greatest(0, extract(epoch from clock_timestamp() - last_heartbeat_at) * 1000)::float8 as heartbeat_age_ms,
           state, queues, slots, running, processed, failed, info, desired_state, desired_slots
      from service
     where kind = 'worker'
       and ($1::text is null or service_id = $1)
       and ($1::text is not null
            or case when stopped_at is null then last_heartbeat_at > clock_timestamp() - interval '1 day'
                    else stopped_at > clock_timestamp() - interval '1 hour' end)
     order by stopped_at is not null, started_at desc, service_id
     limit 1000`,
};

/** Returns the workers seen lately, or the one with this id however long ago it lived. */
export async function listWorkerRows(db: Queryable, workerId: string | null = null): Promise<readonly WorkerRow[]> {
  return (await db.query<WorkerRow>(LIST_WORKERS, [workerId])).rows;
}
