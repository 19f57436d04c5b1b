/**
 * Processes whose heartbeat is recent. Called by `windlass jobs check`. Locks nothing. Zero rows: none of that
 * kind lives (on that host).
 */
import type { Queryable, Statement } from '../client.ts';

export interface LivingService {
  readonly service_id: string;
  readonly kind: string;
  readonly hostname: string;
  readonly pid: number;
  readonly last_heartbeat_at: Date;
  readonly [field: string]: unknown;
}

const STATEMENT: Statement = {
  name: 'list_living_services',
  text: `
    select service_id, kind, hostname, pid, last_heartbeat_at from service
    where stopped_at is null and last_heartbeat_at > clock_timestamp() - make_interval(secs => $3::float8 / 1000)
      and ($1::text is null or kind = $1) and ($2::text is null or hostname = $2)
    order by last_heartbeat_at desc`,
};

export interface LivingServicesRequest {
  readonly kind: string | null;
  readonly host: string | null;
  readonly withinMs: number;
}

export async function listLivingServices(db: Queryable, request: LivingServicesRequest): Promise<readonly LivingService[]> {
  return (await db.query<LivingService>(STATEMENT, [request.kind, request.host, request.withinMs])).rows;
}
