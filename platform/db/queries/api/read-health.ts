/** Newest heartbeat of each kind of process that has not stopped cleanly. Called by the health route and the home page. */
import type { Queryable } from '../../client.ts';

const READ_HEALTH = {
  name: 'read_health',
  text: `select kind, max(last_heartbeat_at) as last_heartbeat_at,
                extract(epoch from clock_timestamp() - max(last_heartbeat_at))::float8 as age_seconds,
                count(*) filter (where last_heartbeat_at > clock_timestamp() - interval '30 seconds')::int as alive
           from service where stopped_at is null group by kind`,
};

export interface HealthRow {
  readonly kind: string;
  readonly last_heartbeat_at: Date;
  readonly age_seconds: number;
  /** Processes heard of within 30 seconds (Airflow's scheduler_health_check_threshold). */
  readonly alive: number;
}

export async function readHealth(db: Queryable): Promise<readonly HealthRow[]> {
  return (await db.query<HealthRow>(READ_HEALTH)).rows;
}
