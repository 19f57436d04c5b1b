/** GET /monitor/health and /version: the two routes anybody may read. */
import type { HealthRow } from '#platform/db/queries/api/read-health.ts';
import { readHealth } from '#platform/db/queries/api/read-health.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { iso } from '../http/iso.ts';
import { type Route, route } from '../http/route.ts';
import * as adminAnswers from './answers/admin.ts';

type Status = 'healthy' | 'unhealthy' | null;

/** Always 200: a load balancer reads the body. With Postgres away everything else is unknown. */
export const healthRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/monitor/health',
    permission: 'public',
    isReserved: true,
    summary: 'Whether Postgres, scheduler, triggerer and DAG processor are alive.',
    response: adminAnswers.health,
    async handle({ db, request }) {
      try {
        return healthShape(await readHealth(db), 'healthy');
      } catch (err) {
        request.log.warn({ event: 'health.database_unreachable', err }, 'the health check cannot reach Postgres');
        return healthShape([], 'unhealthy');
      }
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/version',
    permission: 'public',
    summary: 'The version of this Windlass.',
    response: adminAnswers.version,
    handle: () => ({ version: WINDLASS_VERSION, git_version: null }),
  }),
];

function healthShape(rows: readonly HealthRow[], metadatabase: 'healthy' | 'unhealthy') {
  const of = (kind: string) => rows.find((row) => row.kind === kind);
  const heartbeat = (kind: string) => iso(of(kind)?.last_heartbeat_at ?? null);
  return {
    metadatabase: { status: metadatabase },
    // Airflow: without a scheduler the instance is unhealthy; the two others are optional and then null.
    scheduler: { status: statusOf(of('scheduler')) ?? 'unhealthy', latest_scheduler_heartbeat: heartbeat('scheduler') },
    triggerer: { status: statusOf(of('triggerer')), latest_triggerer_heartbeat: heartbeat('triggerer') },
    dag_processor: { status: statusOf(of('dag_processor')), latest_dag_processor_heartbeat: heartbeat('dag_processor') },
  };
}

function statusOf(row: HealthRow | undefined): Status {
  if (row === undefined) return null;
  return row.alive > 0 ? 'healthy' : 'unhealthy';
}
