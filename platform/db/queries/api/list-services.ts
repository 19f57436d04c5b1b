/** Pages through the long-lived processes. Called by GET /api/v2/jobs. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface ServiceRow {
  /** A number made from the text id, since Airflow's jobs are numbered. */
  readonly number: number;
  readonly kind: string;
  readonly hostname: string;
  readonly state: string;
  readonly started_at: Date;
  readonly stopped_at: Date | null;
  readonly last_heartbeat_at: Date;
}

const IS_ALIVE = "(stopped_at is null and last_heartbeat_at > clock_timestamp() - interval '30 seconds')";
const JOB_STATE = `case when stopped_at is not null then 'success' when ${IS_ALIVE} then 'running' else 'failed' end`;
const JOB_TYPE =
  "case kind when 'scheduler' then 'SchedulerJob' when 'triggerer' then 'TriggererJob' when 'dag_processor' then 'DagProcessorJob' else initcap(kind) || 'Job' end";

const SOURCE: ListSource = {
  name: 'list_services',
  select: `hashtext(service_id)::bigint & 2147483647 as number, ${JOB_TYPE} as kind, hostname, ${JOB_STATE} as state, started_at, stopped_at, last_heartbeat_at`,
  from: 'service',
  fields: {
    number: '(hashtext(service_id)::bigint & 2147483647)',
    is_alive: IS_ALIVE,
    kind: JOB_TYPE,
    state: JOB_STATE,
    hostname: 'hostname',
    started_at: 'started_at',
    stopped_at: 'stopped_at',
    last_heartbeat_at: 'last_heartbeat_at',
  },
  tieBreak: 'started_at, service_id',
};

export function listServices(db: Queryable, request: ListRequest): Promise<ListPage<ServiceRow>> {
  return readList(db, SOURCE, request);
}
