/** Starts a run from the command line, and waits for it. */
import { wallOf } from '#core/assets/partition.ts';
import { AppError } from '#core/errors.ts';
import { parseRunId, runIdFor } from '#core/ids.ts';
import { refuseRunType } from '#core/run-types.ts';
import { newId } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { type CliDeps, clock } from './environment.ts';
import { requireDag, requireRun } from './list-request.ts';

export interface TriggerRequest {
  readonly dagId: string;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly runId?: string;
  readonly logicalDate?: Date;
  /** Default: manual. */
  readonly runType?: 'manual' | 'asset_materialization';
  readonly partitionKey?: string;
}

/** Throws DAG_NOT_FOUND, PARAMS_INVALID, DAG_RUN_EXISTS. */
export async function triggerDag(deps: CliDeps, request: TriggerRequest): Promise<{ run: DagRunRow; isPaused: boolean }> {
  const { db } = deps;
  const { dagId, conf = {} } = request;
  const dag = await requireDag(db, dagId);
  if (dag.is_stale) throw new AppError('DAG_NOT_FOUND', `No file defines the DAG ${dagId} any more (it was ${dag.file_path}).`);
  if (dag.has_import_errors)
    throw new AppError('BAD_REQUEST', `The file of ${dagId}, ${dag.file_path}, does not import now. See: windlass dags list-import-errors`);
  refuseRunType(dagId, dag.head, 'manual');
  const { paramsSchema, paramsDefaults } = dag.head;
  new ParamsCheck().check({ key: dag.version_id, schema: paramsSchema, params: { ...paramsDefaults, ...conf } });

  const now = new Date(clock.now());
  const logicalDate = request.logicalDate ?? null;
  const runId =
    request.runId === undefined ? runIdFor(request.runType ?? 'manual', isoWithOffset(logicalDate ?? now)) : parseRunId(request.runId);
  const dagRunId = newId(clock.now());
  const created = await createDagRuns(db, [
    {
      dagRunId,
      dagId,
      runId,
      runType: request.runType ?? 'manual',
      logicalDate,
      dataIntervalStart: logicalDate,
      dataIntervalEnd: logicalDate,
      runAfter: now,
      conf,
      triggeredBy: 'cli',
      triggeringUser: null,
      note: null,
      ...(request.partitionKey !== undefined && { partition: partitionOf(request.partitionKey) }),
    },
  ]);
  if (!created.has(dagRunId)) {
    const date = logicalDate === null ? '' : ` or the logical date ${logicalDate.toISOString()}`;
    throw new AppError(
      'DAG_RUN_EXISTS',
      `${dagId} has a run with the id ${runId}${date} already. Choose another --run-id or --logical-date.`,
    );
  }
  const bell = await deps.broker();
  bell.ring('runs_changed', { dagIds: [dagId] });
  bell.ring('ui_events', { topics: ['dags', `dag:${dagId}`, `run:${dagId}/${runId}`] });
  return { run: await requireRun(db, dagId, runId), isPaused: dag.is_paused };
}

function partitionOf(key: string): { readonly key: string; readonly date: Date | null } {
  const wall = wallOf(key, 'UTC');
  return { key, date: wall === null ? null : new Date(wall) };
}

const POLL_MS = 250;

/** Resolves when the run has ended. */
export async function waitForRun(db: Queryable, dagId: string, runId: string): Promise<DagRunRow> {
  for (;;) {
    const run = await requireRun(db, dagId, runId);
    if (run.ended_at !== null) return run;
    await clock.sleep(POLL_MS);
  }
}

/** Airflow writes the offset as +00:00 in run ids. */
function isoWithOffset(instant: Date): string {
  return instant.toISOString().replace('Z', '+00:00');
}
