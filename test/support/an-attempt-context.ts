/** What a body is told of its attempt, as a supervisor would say it: a manual run, the first and only try. */
import type { AttemptContext } from '#core/task-protocol.ts';

export function anAttemptContext(change: Partial<AttemptContext> & Pick<AttemptContext, 'dagId' | 'taskId'>): AttemptContext {
  return {
    attemptId: 'attempt',
    runId: 'manual__1',
    runType: 'manual',
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 0,
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: '2026-11-23T00:00:00Z',
    params: {},
    firstStartedAt: null,
    idempotencyKey: 'key',
    scratchFolder: '/tmp',
    ...change,
  };
}
