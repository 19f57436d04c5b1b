/** Plans and creates backfills, for the API and the command line alike: both refuse the same things in the same words. */
import { BACKFILL_MAX_ACTIVE_RUNS, type BackfillStep, planBackfillInParts, type ReprocessBehavior } from '#core/backfill.ts';
import { AppError } from '#core/errors.ts';
import { refuseRunType } from '#core/run-types.ts';
import type { Queryable } from '../db/client.ts';
import { insertBackfill } from '../db/queries/backfill/insert-backfill.ts';
import { type BackfillDag, readBackfillDag } from '../db/queries/backfill/read-backfill-dag.ts';
import { listRunStates } from '../db/queries/backfill/runs-at-dates.ts';
import { ParamsCheck } from '../params-check.ts';

export interface BackfillRequest {
  readonly dagId: string;
  /** Logical dates, both inclusive. */
  readonly from: Date;
  readonly to: Date;
  readonly runBackwards?: boolean;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly reprocess?: ReprocessBehavior;
  readonly maxActiveRuns?: number;
  /** Runs that are run again take the newest version of the DAG, as new ones do. Default true. */
  readonly runOnLatestVersion?: boolean;
}

export interface PlannedBackfill {
  readonly dag: BackfillDag;
  /** In the order of running, those that are skipped included. */
  readonly steps: readonly BackfillStep[];
}

/** The dry run. Throws DAG_NOT_FOUND, BAD_REQUEST, CONFLICT (one is active), PARAMS_INVALID or VALIDATION. Writes nothing. */
export async function previewBackfill(db: Queryable, request: BackfillRequest, nowMs: number): Promise<PlannedBackfill> {
  const { dagId, from, to, conf = {} } = request;
  const dag = await readBackfillDag(db, dagId);
  if (dag === null || dag.is_stale) throw new AppError('DAG_NOT_FOUND', `Could not find dag ${dagId}`);
  if (dag.has_import_errors)
    throw new AppError('BAD_REQUEST', `The file of ${dagId}, ${dag.file_path}, does not import now. Mend it, then start the backfill.`);
  refuseRunType(dagId, dag.head, 'backfill');
  if (dag.has_active_backfill) throw alreadyActive(dagId);
  const { schedule, startDate, paramsSchema, paramsDefaults } = dag.head;
  new ParamsCheck().check({ key: dag.version_id, schema: paramsSchema, params: { ...paramsDefaults, ...conf } });
  const plan = planBackfillInParts({
    dagId,
    schedule,
    startDateMs: startDate === null ? null : Date.parse(startDate),
    fromMs: from.getTime(),
    toMs: to.getTime(),
    nowMs,
    runBackwards: request.runBackwards ?? false,
    reprocess: request.reprocess ?? 'none',
    dependsOnPast: dag.depends_on_past,
    existing: await listRunStates(db, dagId, from, to),
  });
  return { dag, steps: await drain(plan) };
}

/** Others get their turn between the parts of a long plan. */
async function drain<T>(parts: Generator<void, T>): Promise<T> {
  for (;;) {
    const part = parts.next();
    if (part.done) return part.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface BackfillOrigin {
  readonly triggeredBy: 'cli' | 'rest_api' | 'ui';
  readonly triggeringUser: string | null;
}

/** Creates the backfill and returns its id; the scheduler makes its runs. Throws what `previewBackfill` throws. */
export async function createBackfill(
  db: Queryable,
  request: BackfillRequest,
  origin: BackfillOrigin,
  nowMs: number,
): Promise<{ readonly backfillId: number; readonly planned: PlannedBackfill }> {
  const planned = await previewBackfill(db, request, nowMs);
  const backfillId = await insertBackfill(db, {
    dagId: request.dagId,
    from: request.from,
    to: request.to,
    conf: request.conf ?? {},
    reprocess: request.reprocess ?? 'none',
    maxActiveRuns: request.maxActiveRuns ?? BACKFILL_MAX_ACTIVE_RUNS,
    runBackwards: request.runBackwards ?? false,
    runOnLatestVersion: request.runOnLatestVersion ?? true,
    ...origin,
    steps: planned.steps,
  });
  if (backfillId === null) throw alreadyActive(request.dagId);
  return { backfillId, planned };
}

function alreadyActive(dagId: string): AppError {
  return new AppError(
    'CONFLICT',
    `There is already a running backfill for dag ${dagId}. Wait for its end, or cancel it, before you start another.`,
  );
}
