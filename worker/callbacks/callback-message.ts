/** What a task process is told to make a call: the context of the run, or of the instance, and what happened. */
import type { DagSpec } from '#core/dag-spec.ts';
import type { CallbackCall, RunMessage } from '#core/task-protocol.ts';
import type { ClaimedCallback } from '#platform/db/queries/callbacks/claim-callbacks.ts';
import { pageUrl } from '#platform/links.ts';

export function callbackMessage(claimed: ClaimedCallback, spec: DagSpec, at: { scratchFolder: string; baseUrl: string }): RunMessage {
  const { dagId, runId, taskId, mapIndex } = claimed;
  const conf = typeof claimed.conf === 'object' && claimed.conf !== null ? claimed.conf : {};
  const tab = claimed.kind === 'on_request' ? 'respond' : '';
  const url = pageUrl(at.baseUrl, { dagId, runId, taskId, mapIndex, tab });
  return {
    type: 'run',
    inputs: {},
    callback: callOf(claimed, url),
    context: {
      attemptId: attemptIdOf(claimed),
      dagId,
      runId,
      runType: claimed.runType,
      taskId: taskId ?? '',
      mapIndex,
      tryNumber: claimed.tryNumber,
      maxTries: claimed.maxTries,
      logicalDate: claimed.logicalDate?.toISOString() ?? null,
      dataIntervalStart: claimed.dataIntervalStart?.toISOString() ?? null,
      dataIntervalEnd: claimed.dataIntervalEnd?.toISOString() ?? null,
      runAfter: claimed.runAfter.toISOString(),
      params: { ...spec.paramsDefaults, ...conf },
      firstStartedAt: null,
      // The same for every try of this call.
      idempotencyKey: claimed.callbackId,
      scratchFolder: at.scratchFolder,
      url,
    },
  };
}

/** One try of a call. */
export function attemptIdOf({ callbackId, tries }: ClaimedCallback): string {
  return `${callbackId}-${tries}`;
}

function callOf(claimed: ClaimedCallback, url: string): CallbackCall {
  const { kind, slot, position, reason, message, error, createdAt, deadlineName, deadlineDueAt, taskInstanceId, request } = claimed;
  const deadline = deadlineName === null || deadlineDueAt === null ? null : { name: deadlineName, due: deadlineDueAt.toISOString() };
  return {
    kind,
    slot,
    position,
    ofTask: taskInstanceId !== null,
    reason,
    message,
    error,
    url,
    at: createdAt.toISOString(),
    deadline,
    request,
  };
}
