/** Triggers a run of another DAG for a task, once: a retry finds the run that the try before has made. */

import { AppError } from '#core/errors.ts';
import { parseRunId } from '#core/ids.ts';
import type { RequestBody } from '#core/task-protocol.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { newId } from '#platform/clock.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import { findDag } from '#platform/db/queries/api/find-dag.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { findOwnTriggeredRun, findRunInTheWay, type TriggeredRun } from '#platform/db/queries/triggered/find-triggered-run.ts';
import { holdTriggeringAttempt, markTriggered } from '#platform/db/queries/triggered/mark-triggered.ts';
import { resetDagRun } from '#platform/db/queries/triggered/reset-dag-run.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { probe } from '#platform/probes/probe.ts';

export type TriggerRequest = Extract<RequestBody, { what: 'trigger_run' }>;

export type TriggeringTask = Pick<Claimed, 'taskInstanceId' | 'leaseEpoch' | 'clearNumber' | 'tryNumber' | 'runAfter'>;

/** What the task process is told. */
export interface Triggered {
  readonly dagId: string;
  readonly runId: string;
  /** made: a new run, or one that was reset; found: this task has triggered it before; exists: it is somebody else's. */
  readonly how: 'made' | 'found' | 'exists';
}

const paramsCheck = new ParamsCheck();

/** Throws DAG_NOT_FOUND, PARAMS_INVALID, DAG_RUN_EXISTS, CONFLICT (paused), LEASE_LOST. */
export async function triggerRun(
  deps: { readonly db: Database; readonly broker: Broker; readonly nowMs: number },
  task: TriggeringTask,
  request: TriggerRequest,
): Promise<Triggered> {
  const triggered = await deps.db.transaction('trigger_run', (tx) => trigger(tx, task, request, deps.nowMs));
  probe('triggerRun.after_commit');
  const { dagId, runId, how } = triggered;
  if (how === 'made') {
    deps.broker.ring('runs_changed', { dagIds: [dagId] });
    deps.broker.ring('ui_events', { topics: ['dags', `dag:${dagId}`, `run:${dagId}/${runId}`] });
  }
  return triggered;
}

async function trigger(tx: Queryable, task: TriggeringTask, request: TriggerRequest, nowMs: number): Promise<Triggered> {
  if (!(await holdTriggeringAttempt(tx, task))) throw new AppError('LEASE_LOST', 'The lease of this attempt is lost.');
  const { dagId, conf } = request;
  const dag = await findDag(tx, dagId);
  if (dag === null || dag.is_stale) throw new AppError('DAG_NOT_FOUND', `There is no DAG ${JSON.stringify(dagId)} to trigger.`);
  if (request.failWhenDagIsPaused && dag.is_paused)
    throw new AppError('CONFLICT', `DAG ${dagId} is paused, so the run would wait (failWhenDagIsPaused).`);
  const { paramsSchema, paramsDefaults } = dag.head;
  paramsCheck.check({ key: dag.version_id, schema: paramsSchema, params: { ...paramsDefaults, ...conf } });

  const own = await findOwnTriggeredRun(tx, { ...task, dagId });
  const runId = request.runId === null ? runIdOf(task) : parseRunId(request.runId);
  const isOfThisTry = own?.runId === runId && request.runId === null;
  if (own !== null && (own.state !== 'failed' || isOfThisTry)) return { dagId, runId: own.runId, how: 'found' };

  const logicalDate = request.logicalDate === null ? null : new Date(request.logicalDate);
  const dagRunId = newId(nowMs);
  const made = await createDagRuns(tx, [
    {
      dagRunId,
      dagId,
      runId,
      runType: 'manual',
      logicalDate,
      dataIntervalStart: logicalDate,
      dataIntervalEnd: logicalDate,
      runAfter: new Date(nowMs),
      conf,
      triggeredBy: 'operator',
      triggeringUser: null,
      note: request.note,
    },
  ]);
  if (made.has(dagRunId)) {
    probe('triggerRun.before_mark');
    await markTriggered(tx, dagRunId, task);
    return { dagId, runId, how: 'made' };
  }
  return takeExisting(tx, task, request, await findRunInTheWay(tx, { dagId, runId, logicalDate }));
}

async function takeExisting(tx: Queryable, task: TriggeringTask, request: TriggerRequest, run: TriggeredRun | null): Promise<Triggered> {
  const { dagId } = request;
  if (run === null) throw new AppError('CONFLICT', `The run of ${dagId} could not be made; try again.`);
  // Its own, of a try before, which failed: a retry is meant to run it again.
  if (request.resetDagRun || run.triggeringInstanceId === task.taskInstanceId) {
    await resetDagRun(tx, { dagRunId: run.dagRunId, conf: request.conf, note: request.note, actor: `task:${task.taskInstanceId}` });
    await markTriggered(tx, run.dagRunId, task);
    return { dagId, runId: run.runId, how: 'made' };
  }
  if (request.skipWhenAlreadyExists) return { dagId, runId: run.runId, how: 'exists' };
  throw new AppError(
    'DAG_RUN_EXISTS',
    `${dagId} has the run ${run.runId} already. Choose another runId or logicalDate, or set resetDagRun or skipWhenAlreadyExists.`,
  );
}

/** The same for every attempt of a try, so that none triggers twice. */
function runIdOf({ taskInstanceId, clearNumber, tryNumber, runAfter }: TriggeringTask): string {
  const instant = runAfter.toISOString().replace('Z', '+00:00');
  return `triggered__${instant}_${taskInstanceId.slice(-12)}_${clearNumber}.${tryNumber}`;
}
