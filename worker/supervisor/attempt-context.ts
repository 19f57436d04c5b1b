/** What an attempt is told: its context, and what it reads, from the claim and the plan of its DAG version. */
import type { DagSpec } from '#core/dag-spec.ts';
import type { AssetEventRecord, AttemptContext } from '#core/task-protocol.ts';
import { nextIntervalEnd } from '#core/timetable/next-interval.ts';
import type { BodyStart } from '#platform/db/queries/begin-bodies.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import type { InputRead } from '#platform/db/queries/read-inputs.ts';
import { pageUrl } from '#platform/links.ts';
import type { BodyInputs, BodyRead } from '../body-reads.ts';
import type { TaskPlan } from '../version-cache.ts';

export interface Told {
  readonly read: BodyInputs;
  readonly scratchFolder: string;
  readonly baseUrl: string;
  readonly triggeringEvents: readonly AssetEventRecord[] | null;
}

export function attemptContext(claimed: Claimed, plan: TaskPlan, { read, scratchFolder, baseUrl, triggeringEvents }: Told): AttemptContext {
  const { dagId, runId, runType, taskId, mapIndex, tryNumber, maxTries, attemptId } = claimed;
  return {
    attemptId,
    dagId,
    runId,
    runType,
    taskId,
    mapIndex,
    mapLength: read.mapped?.mapLength ?? null,
    tryNumber,
    maxTries,
    logicalDate: claimed.logicalDate?.toISOString() ?? null,
    dataIntervalStart: claimed.dataIntervalStart?.toISOString() ?? null,
    dataIntervalEnd: claimed.dataIntervalEnd?.toISOString() ?? null,
    runAfter: claimed.runAfter.toISOString(),
    nextIntervalEnd: nextIntervalOf(plan.spec, claimed),
    params: paramsOf(claimed, plan),
    firstStartedAt: claimed.firstStartedAt?.toISOString() ?? null,
    // The same for every try, another one after a clear: a cleared task is meant to act again.
    idempotencyKey: claimed.clearNumber === 0 ? claimed.taskInstanceId : `${claimed.taskInstanceId}-${claimed.clearNumber}`,
    scratchFolder,
    ...(claimed.resumed === null ? {} : { resumed: claimed.resumed }),
    url: pageUrl(baseUrl, claimed),
    ...(claimed.partitionKey !== null && { partitionKey: claimed.partitionKey }),
    ...(triggeringEvents !== null && { triggeringAssetEvents: triggeringEvents }),
    hearsSyncs: true,
  };
}

export function bodyStart({ attemptId, taskInstanceId, leaseEpoch }: Claimed, pid: number | null): BodyStart {
  return { attemptId, taskInstanceId, leaseEpoch, pid };
}

export function bodyRead(claimed: Claimed, plan: TaskPlan): BodyRead {
  const { attemptId, dagRunId, mapIndex } = claimed;
  const reads = plan.task.reads.map((taskId): InputRead => ({ taskId, mode: readMode(plan, taskId, mapIndex) }));
  return { attemptId, dagRunId, mapIndex, reads, scope: plan.scope, params: paramsOf(claimed, plan) };
}

/** All instances of a run have the same, and a timetable takes longer to ask than a short body to run. */
const intervalEnds = new WeakMap<DagSpec, { readonly run: string; readonly end: string | null }>();

function nextIntervalOf(spec: DagSpec, claimed: Claimed): string | null {
  const known = intervalEnds.get(spec);
  if (known?.run === claimed.dagRunId) return known.end;
  const end = nextIntervalEnd(spec, claimed);
  intervalEnds.set(spec, { run: claimed.dagRunId, end });
  return end;
}

function paramsOf(claimed: Claimed, plan: TaskPlan): Readonly<Record<string, unknown>> {
  const conf = typeof claimed.conf === 'object' && claimed.conf !== null ? claimed.conf : {};
  return { ...plan.spec.paramsDefaults, ...plan.task.params, ...conf };
}

function readMode(plan: TaskPlan, taskId: string, mapIndex: number): InputRead['mode'] {
  const scope = plan.tasks.get(taskId)?.mapScope ?? null;
  if (scope === null) return 'single';
  return scope === plan.task.mapScope && mapIndex >= 0 ? 'same_index' : 'list';
}
