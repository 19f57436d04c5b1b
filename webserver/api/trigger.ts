/** POST /dags/{dag_id}/dagRuns: starts a run by hand, with Airflow's rules. */
import { z } from 'zod';
import { wallOf } from '#core/assets/partition.ts';
import { AppError } from '#core/errors.ts';
import { parseRunId, runIdFor } from '#core/ids.ts';
import { refuseRunType } from '#core/run-types.ts';
import { newId, newSecret } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import { findDag } from '#platform/db/queries/api/find-dag.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { instant } from '../http/list-query-schema.ts';
import { ProblemError, uniqueViolation } from '../http/problem.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import { invalidField } from '../http/validation.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun } from './lookups.ts';
import { dagPath } from './path-ids.ts';
import { dagRunShape } from './shapes/dag-run.ts';

const NOTE_MAX_CHARS = 1000;

export const noteText = z.string().max(NOTE_MAX_CHARS).nullish();

/** `logical_date` must be there but may be null: a run without a logical date, of which there may be many. */
export const runChoices = {
  dag_run_id: z.string().nullish(),
  data_interval_start: instant.nullish(),
  data_interval_end: instant.nullish(),
  logical_date: instant.nullable(),
  run_after: instant.nullish(),
  conf: z.record(z.string(), z.unknown()).nullish(),
  note: noteText,
  partition_key: z.string().min(1).max(1_500).nullish(),
};
const triggerBody = z.strictObject(runChoices);
type TriggerBody = z.infer<typeof triggerBody>;

export function triggerRoutes(deps: WebDeps): readonly Route[] {
  const paramsCheck = new ParamsCheck();
  return [
    route({
      method: 'POST',
      url: '/api/v2/dags/:dag_id/dagRuns',
      permission: 'user',
      audit: 'dag_run.trigger',
      summary: 'Trigger a run. Works on a paused DAG, whose run stays queued.',
      response: runAnswers.dagRun,
      params: dagPath,
      body: triggerBody,
      async handle(context) {
        const { db, params, body, request, audit, afterCommit } = context;
        if ((body.data_interval_start == null) !== (body.data_interval_end == null))
          throw invalidField(['body'], 'Either both data_interval_start and data_interval_end must be provided or both must be None');
        const dag = await triggerableDag(db, params.dag_id);
        refuseRunType(dag.dag_id, dag.head, 'manual');
        const conf = body.conf ?? {};
        paramsCheck.check({ key: dag.version_id, schema: dag.head.paramsSchema, params: { ...dag.head.paramsDefaults, ...conf } });
        const runId = await createRun(db, deps, dag, body, {
          runType: 'manual',
          triggeredBy: request.headers.referer === undefined ? 'rest_api' : 'ui',
          username: principalOf(context).username,
        });
        audit({ dagId: dag.dag_id, runId, extra: { conf_keys: Object.keys(conf) } });
        afterCommit(() => ringRun(deps, dag.dag_id, runId));
        return dagRunShape(await requireDagRun(db, dag.dag_id, runId));
      },
    }),
  ];
}

/** Tells the scheduler and the pages about a run that was made or changed. */
export function ringRun(deps: WebDeps, dagId: string, runId: string): void {
  deps.broker.ring('runs_changed', { dagIds: [dagId] });
  deps.broker.ring('ui_events', { topics: ['dags', `dag:${dagId}`, `run:${dagId}/${runId}`] });
}

/** Throws DAG_NOT_FOUND, or BAD_REQUEST while its file is broken. */
export async function triggerableDag(db: Queryable, dagId: string): Promise<DagRow> {
  const dag = await findDag(db, dagId);
  if (dag === null || dag.is_stale) throw new AppError('DAG_NOT_FOUND', `DAG with dag_id: '${dagId}' not found`);
  if (dag.has_import_errors)
    throw new AppError(
      'BAD_REQUEST',
      `DAG with dag_id: '${dagId}' has import errors and cannot be triggered. Mend ${dag.file_path}; see GET /api/v2/importErrors.`,
    );
  return dag;
}

interface Trigger {
  readonly runType: 'manual' | 'asset_materialization';
  readonly triggeredBy: 'ui' | 'rest_api';
  readonly username: string;
}

/** Creates the run and returns its id. A given id or logical date that exists is a 409; a generated id is made unique. */
export async function createRun(db: Queryable, deps: WebDeps, dag: DagRow, body: TriggerBody, trigger: Trigger): Promise<string> {
  const now = new Date(deps.clock.now());
  const runAfter = body.run_after ?? now;
  const given = body.dag_run_id ?? null;
  const plainId = given === null ? runIdFor(trigger.runType, isoWithOffset(body.logical_date ?? runAfter)) : parseRunId(given);
  // Two triggers in one millisecond would get the same generated id: the second one gets a tail.
  const candidates =
    given === null && body.logical_date === null ? [plainId, `${plainId}_${newSecret(6).replaceAll('-', '.')}`] : [plainId];
  for (const runId of candidates) {
    const dagRunId = newId(deps.clock.now());
    const created = await createDagRuns(db, [
      {
        dagRunId,
        dagId: dag.dag_id,
        runId,
        runType: trigger.runType,
        logicalDate: body.logical_date,
        dataIntervalStart: body.data_interval_start ?? body.logical_date,
        dataIntervalEnd: body.data_interval_end ?? body.logical_date,
        runAfter,
        conf: body.conf ?? {},
        triggeredBy: trigger.triggeredBy,
        triggeringUser: trigger.username,
        note: body.note ?? null,
        ...(body.partition_key != null && { partition: { key: body.partition_key, date: partitionDate(body.partition_key) } }),
      },
    ]);
    if (created.has(dagRunId)) return runId;
  }
  const date = body.logical_date === null ? '' : ` or the logical date ${body.logical_date.toISOString()}`;
  throw new ProblemError(
    uniqueViolation(
      `The DAG '${dag.dag_id}' has a run with the id '${plainId}'${date} already. Choose another dag_run_id or logical_date.`,
    ),
  );
}

/** Null for a key that names no time. */
function partitionDate(key: string): Date | null {
  const wall = wallOf(key, 'UTC');
  return wall === null ? null : new Date(wall);
}

/** Airflow writes the offset as +00:00 in run ids. */
function isoWithOffset(instantOfRun: Date): string {
  return instantOfRun.toISOString().replace('Z', '+00:00');
}
