/** GET /ui/api/session and /ui/api/home. */

import type { DagRunState } from '#core/states.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import type { Queryable } from '#platform/db/client.ts';
import { listDagRuns } from '#platform/db/queries/api/list-dag-runs.ts';
import { type HealthRow, readHealth } from '#platform/db/queries/api/read-health.ts';
import { readHomeCounts } from '#platform/db/queries/ui/read-home-counts.ts';
import { SharedRead } from '#platform/service/shared-read.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import type { UiEvents } from '../streams/ui-events.ts';
import { uiRun } from './shapes.ts';
import type { UiHome, UiSession } from './types.ts';

const SHOWN_FAILURES = 8;
const HOME_FRESH_MS = 2_000;

/** The processes a working Windlass has. A triggerer is not among them: its absence is no fault. */
const EXPECTED = [
  ['scheduler', 'Scheduler'],
  ['dag_processor', 'DAG processor'],
  ['worker', 'Workers'],
] as const;

export function homeRoutes(deps: WebDeps, events: UiEvents): readonly Route[] {
  // It counts a day's task instances: once for all open pages, and again when something has changed.
  const home = new SharedRead(deps.clock, HOME_FRESH_MS, () => readHome(deps.db));
  events.onChange(() => home.expire());
  return [
    route({
      method: 'GET',
      url: '/ui/api/session',
      permission: 'viewer',
      summary: 'Who is logged in.',
      handle(context): UiSession {
        const { username, role } = principalOf(context);
        return { username, role, version: WINDLASS_VERSION, broker: deps.broker.kind, monitorPort: deps.config.monitorPort };
      },
    }),
    route({
      method: 'GET',
      url: '/ui/api/home',
      permission: 'viewer',
      summary: 'Health and the last 24 hours.',
      handle: () => home.get(),
    }),
  ];
}

async function readHome(db: Queryable): Promise<UiHome> {
  const counts = await readHomeCounts(db);
  const health = await readHealth(db);
  const failures = await listDagRuns(db, {
    filters: [{ field: 'state', operator: 'eq', value: 'failed' }],
    orderBy: [{ field: 'run_after', descending: true }],
    limit: SHOWN_FAILURES,
    offset: 0,
  });
  return {
    health: [{ name: 'Postgres', status: 'healthy', detail: 'answers' }, ...EXPECTED.map(([kind, name]) => uiHealth(health, kind, name))],
    dags: {
      total: counts.dags,
      active: counts.dags - counts.paused,
      paused: counts.paused,
      importErrors: counts.import_errors,
    },
    runs: Object.fromEntries(DAG_RUN_STATES.map((state) => [state, counts.runs[state] ?? 0])) as Record<DagRunState, number>,
    taskInstances: counts.task_instances,
    workers: { online: counts.workers, slots: counts.slots, running: counts.running },
    recentFailures: failures.rows.map(uiRun),
  };
}

function uiHealth(rows: readonly HealthRow[], kind: string, name: string): UiHome['health'][number] {
  const row = rows.find((candidate) => candidate.kind === kind);
  if (row === undefined) return { name, status: 'absent', detail: 'none is running' };
  if (row.alive > 0) return { name, status: 'healthy', detail: row.alive === 1 ? '1 alive' : `${row.alive} alive` };
  return { name, status: 'unhealthy', detail: `last heard of ${Math.round(row.age_seconds)} s ago` };
}
