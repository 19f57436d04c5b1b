/** GET /ui/api/dags/{dagId}, its source. */

import { z } from 'zod';
import { orderedParamsSchema } from '#core/params-order.ts';
import { ticksOf } from '#core/timetable/ticks.ts';
import { upcomingTicks } from '#core/timetable/timetable.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import { listDagVersions } from '#platform/db/queries/api/list-dag-versions.ts';
import { listDagWarnings } from '#platform/db/queries/api/list-dag-warnings.ts';
import { listImportErrors } from '#platform/db/queries/api/list-import-errors.ts';
import { listWaitingOfDags } from '#platform/db/queries/assets/waiting-of-dags.ts';
import { listBackfills } from '#platform/db/queries/backfill/list-backfills.ts';
import { listRecentRuns } from '#platform/db/queries/ui/list-recent-runs.ts';
import { requireDag, requireDagVersion } from '../api/lookups.ts';
import { dagPath } from '../api/path-ids.ts';
import { warningWords } from '../api/shapes/warning-words.ts';
import { iso } from '../http/iso.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import { uiDagCard, uiGroup, uiTasks } from './shapes.ts';
import type { UiBackfill, UiDag, UiSource } from './types.ts';

const SHOWN_RUNS = 14;
const SHOWN_VERSIONS = 100;
const SHOWN_NEXT_RUNS = 5;

export function dagPageRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'GET',
      url: '/ui/api/dags/:dag_id',
      permission: 'viewer',
      summary: 'One DAG with its tasks.',
      params: dagPath,
      handle: ({ db, params }) => readDag(db, params.dag_id, deps.clock.now()),
    }),
    route({
      method: 'GET',
      url: '/ui/api/dags/:dag_id/source',
      permission: 'viewer',
      summary: "A version's source, as it was stored.",
      params: dagPath,
      query: z.object({ version: integer.optional() }),
      async handle({ db, params, query }): Promise<UiSource> {
        const version = await requireDagVersion(db, params.dag_id, query.version ?? null);
        return { filePath: version.file_path, versionNumber: version.version_number, source: version.source };
      },
    }),
  ];
}

async function readDag(db: Queryable, dagId: string, nowMs: number): Promise<UiDag> {
  const row = await requireDag(db, dagId);
  const { spec } = await requireDagVersion(db, dagId, row.version_number);
  const versions = await listDagVersions(db, {
    filters: [{ field: 'dag_id', operator: 'eq', value: dagId }],
    orderBy: [{ field: 'version_number', descending: true }],
    limit: SHOWN_VERSIONS,
    offset: 0,
  });
  return {
    ...uiDagCard(row, await listRecentRuns(db, [dagId], SHOWN_RUNS), spec.assetSchedule ? await listWaitingOfDags(db, [dagId]) : []),
    docMd: spec.docMd,
    ownerLinks: spec.ownerLinks ?? {},
    versionNumber: row.version_number,
    versions: versions.rows.map((version) => ({ versionNumber: version.version_number, createdAt: iso(version.created_at) })),
    catchup: spec.catchup,
    startDate: spec.startDate,
    endDate: spec.endDate,
    maxActiveRuns: spec.maxActiveRuns,
    maxActiveTasks: spec.maxActiveTasks,
    nextRuns: nextRunsOf(row, nowMs),
    hasDates: ticksOf(spec.schedule, null) !== null,
    activeBackfill: await activeBackfillOf(db, dagId),
    paramsSchema: orderedParamsSchema(spec),
    paramsDefaults: spec.paramsDefaults,
    tasks: uiTasks(spec),
    groups: spec.groups.map(uiGroup),
    importError: row.has_import_errors ? await importErrorOf(db, row) : null,
    warnings: await warningsOf(db, dagId),
  };
}

async function activeBackfillOf(db: Queryable, dagId: string): Promise<UiBackfill | null> {
  const page = await listBackfills(db, {
    filters: [
      { field: 'dag_id', operator: 'eq', value: dagId },
      { field: 'is_active', operator: 'eq', value: true },
    ],
    orderBy: [],
    limit: 1,
    offset: 0,
  });
  const row = page.rows[0];
  if (row === undefined) return null;
  return {
    backfillId: row.backfill_id,
    fromDate: iso(row.from_date),
    toDate: iso(row.to_date),
    isPaused: row.is_paused,
    maxActiveRuns: row.max_active_runs,
    runs: row.dates - row.skipped,
    running: row.running,
    succeeded: row.succeeded,
    failed: row.failed,
  };
}

async function warningsOf(db: Queryable, dagId: string): Promise<readonly string[]> {
  const page = await listDagWarnings(db, {
    filters: [{ field: 'dag_id', operator: 'eq', value: dagId }],
    orderBy: [{ field: 'warning_type', descending: false }],
    limit: 10,
    offset: 0,
  });
  return page.rows.map(warningWords);
}

async function importErrorOf(db: Queryable, row: DagRow): Promise<UiDag['importError']> {
  const page = await listImportErrors(db, {
    filters: [
      { field: 'bundle_name', operator: 'eq', value: row.bundle_name },
      { field: 'file_path', operator: 'eq', value: row.file_path },
    ],
    orderBy: [],
    limit: 1,
    offset: 0,
  });
  const error = page.rows[0];
  return error ? { message: error.message, line: error.line } : null;
}

/** When runs would come by time, also for a paused DAG; past what is due now. */
function nextRunsOf(row: DagRow, nowMs: number): readonly string[] {
  const startMs = row.head.startDate === null ? null : Date.parse(row.head.startDate);
  const endMs = row.head.endDate === null ? Number.POSITIVE_INFINITY : Date.parse(row.head.endDate);
  const afterMs = startMs === null ? nowMs : Math.max(nowMs, startMs - 1);
  const ticks = upcomingTicks(row.head.schedule, afterMs, SHOWN_NEXT_RUNS, startMs).filter((tick) => tick <= endMs);
  if (ticks.length === 0 && row.next_run_after !== null) return [iso(row.next_run_after)];
  return ticks.map((tick) => iso(new Date(tick)));
}
