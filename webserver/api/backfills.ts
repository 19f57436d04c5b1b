/** /backfills: run a DAG for past dates of its schedule. */
import { z } from 'zod';
import { BACKFILL_MAX_ACTIVE_RUNS, REPROCESS_BEHAVIORS } from '#core/backfill.ts';
import { AppError } from '#core/errors.ts';
import { type BackfillRequest, createBackfill, previewBackfill } from '#platform/backfill/create-backfill.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { BackfillRow } from '#platform/db/queries/backfill/backfill-row.ts';
import { type BackfillChange, cancelBackfill, changeBackfill } from '#platform/db/queries/backfill/change-backfill.ts';
import { findBackfill, listBackfills } from '#platform/db/queries/backfill/list-backfills.ts';
import { iso } from '../http/iso.ts';
import { exactly, instant, integer, listQuery } from '../http/list-query-schema.ts';
import { principalOf, type Route, type RouteContext, route, type WebDeps } from '../http/route.ts';
import { RequestInvalid } from '../http/validation.ts';
import * as dagAnswers from './answers/dags.ts';

const MAX_ACTIVE_RUNS_MAX = 1_000;

const backfillBody = z.strictObject({
  dag_id: z.string().min(1).max(250),
  from_date: instant,
  to_date: instant,
  run_backwards: z.boolean().default(false),
  dag_run_conf: z.record(z.string(), z.unknown()).nullish(),
  reprocess_behavior: z.enum(REPROCESS_BEHAVIORS).default('none'),
  max_active_runs: z.number().int().min(1).max(MAX_ACTIVE_RUNS_MAX).default(BACKFILL_MAX_ACTIVE_RUNS),
  // Of runs that are run again; new ones always get the newest version.
  run_on_latest_version: z.boolean().default(true),
});
type BackfillBody = z.infer<typeof backfillBody>;

const changeBody = z.strictObject({ max_active_runs: z.number().int().min(1).max(MAX_ACTIVE_RUNS_MAX) });
const backfillPath = z.object({ backfill_id: integer });
type BackfillPath = z.infer<typeof backfillPath>;

const ORDERING = { fields: { id: 'id' }, default: ['id'] };

export function backfillRoutes(deps: WebDeps): readonly Route[] {
  const change = (name: string, summary: string, wanted: BackfillChange): Route =>
    route({
      method: 'PUT',
      url: `/api/v2/backfills/:backfill_id/${name}`,
      permission: 'user',
      audit: `backfill.${name}`,
      summary,
      response: dagAnswers.backfill,
      params: backfillPath,
      handle: (context) => act(deps, context, (db, id) => changeBackfill(db, id, wanted)),
    });
  return [
    route({
      method: 'GET',
      url: '/api/v2/backfills',
      permission: 'viewer',
      summary: 'List the backfills of a DAG.',
      response: dagAnswers.backfills,
      query: listQuery({ dag_id: exactly('dag_id') }, ORDERING),
      async handle({ db, query }) {
        if (query.filters.length === 0) throw new RequestInvalid([{ loc: ['query', 'dag_id'], msg: 'Field required', type: 'missing' }]);
        const page = await listBackfills(db, query);
        return { backfills: page.rows.map(backfillShape), total_entries: page.total };
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/backfills',
      permission: 'user',
      audit: 'backfill.create',
      summary: 'Run a DAG for every date of a range that has no run yet.',
      response: dagAnswers.backfill,
      body: backfillBody,
      async handle(context) {
        const { db, body, request, audit, afterCommit } = context;
        const origin = {
          triggeredBy: request.headers.referer === undefined ? ('rest_api' as const) : ('ui' as const),
          triggeringUser: principalOf(context).username,
        };
        const { backfillId } = await createBackfill(db, requestOf(body), origin, deps.clock.now());
        audit({ dagId: body.dag_id, extra: { backfill: backfillId, from: iso(body.from_date), to: iso(body.to_date) } });
        afterCommit(() => ringBackfill(deps, body.dag_id));
        return backfillShape(await requireBackfill(db, backfillId));
      },
    }),
    route({
      method: 'POST',
      url: '/api/v2/backfills/dry_run',
      permission: 'user',
      audit: 'backfill.dry_run',
      summary: 'Tell which dates a backfill would run. Changes nothing.',
      response: dagAnswers.backfillDates,
      body: backfillBody,
      async handle({ db, body }) {
        const { steps } = await previewBackfill(db, requestOf(body), deps.clock.now());
        const dates = steps.filter((step) => step.action !== 'skip').map((step) => iso(new Date(step.logicalDateMs)));
        return {
          backfills: dates.map((date) => ({ logical_date: date, partition_key: null, partition_date: null })),
          total_entries: dates.length,
        };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/backfills/:backfill_id',
      permission: 'viewer',
      summary: 'One backfill.',
      response: dagAnswers.backfill,
      params: backfillPath,
      handle: async ({ db, params }) => backfillShape(await requireBackfill(db, params.backfill_id)),
    }),
    route({
      method: 'PATCH',
      url: '/api/v2/backfills/:backfill_id',
      permission: 'user',
      audit: 'backfill.update',
      summary: 'Change how many runs of a backfill run at once. Not in Airflow.',
      response: dagAnswers.backfill,
      params: backfillPath,
      body: changeBody,
      handle: (context) => act(deps, context, (db, id) => changeBackfill(db, id, { maxActiveRuns: context.body.max_active_runs })),
    }),
    change('pause', 'Start no further run of a backfill.', { isPaused: true }),
    change('unpause', 'Go on with a backfill.', { isPaused: false }),
    route({
      method: 'PUT',
      url: '/api/v2/backfills/:backfill_id/cancel',
      permission: 'user',
      audit: 'backfill.cancel',
      summary: 'End a backfill: its queued runs fail, those that run go on to their end.',
      response: dagAnswers.backfill,
      params: backfillPath,
      handle: (context) => act(deps, context, cancelBackfill),
    }),
  ];
}

function requestOf(body: BackfillBody): BackfillRequest {
  return {
    dagId: body.dag_id,
    from: body.from_date,
    to: body.to_date,
    runBackwards: body.run_backwards,
    conf: body.dag_run_conf ?? {},
    reprocess: body.reprocess_behavior,
    maxActiveRuns: body.max_active_runs,
    runOnLatestVersion: body.run_on_latest_version,
  };
}

async function act<Body>(
  deps: WebDeps,
  { db, params, audit, afterCommit }: RouteContext<BackfillPath, unknown, Body>,
  work: (db: Queryable, backfillId: number) => Promise<boolean>,
) {
  const { dag_id } = await requireBackfill(db, params.backfill_id);
  if (!(await work(db, params.backfill_id))) throw new AppError('CONFLICT', 'Backfill is already completed.');
  audit({ dagId: dag_id, extra: { backfill: params.backfill_id } });
  afterCommit(() => ringBackfill(deps, dag_id));
  return backfillShape(await requireBackfill(db, params.backfill_id));
}

function ringBackfill(deps: WebDeps, dagId: string): void {
  deps.broker.ring('runs_changed', { dagIds: [dagId] });
  deps.broker.ring('ui_events', { topics: ['dags', `dag:${dagId}`] });
}

async function requireBackfill(db: Queryable, backfillId: number): Promise<BackfillRow> {
  const row = await findBackfill(db, backfillId);
  if (row === null) throw new AppError('NOT_FOUND', `Could not find backfill with id ${backfillId}`);
  return row;
}

/** BackfillResponse. */
function backfillShape(row: BackfillRow) {
  return {
    id: row.backfill_id,
    dag_id: row.dag_id,
    from_date: iso(row.from_date),
    to_date: iso(row.to_date),
    dag_run_conf: row.conf,
    is_paused: row.is_paused,
    reprocess_behavior: row.reprocess_behavior,
    max_active_runs: row.max_active_runs,
    created_at: iso(row.created_at),
    completed_at: iso(row.completed_at),
    updated_at: iso(row.updated_at),
    dag_display_name: row.dag_id,
  };
}
