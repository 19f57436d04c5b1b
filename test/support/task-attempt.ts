/** Runs one task of a DAG as a task process would, with a host in memory. */
import type { BodyResult, LogLevel, RequestBody } from '#core/task-protocol.ts';
import type { Resumed } from '#core/waiting/waiter.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';

export interface AttemptOptions {
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly params?: unknown;
  readonly signal?: AbortSignal;
  readonly resumed?: Resumed;
  readonly answer?: (body: RequestBody) => unknown;
}

export interface Attempted {
  readonly result: BodyResult;
  readonly logs: readonly (readonly [LogLevel, string])[];
}

export async function attemptTask(dag: unknown, taskId: string, options: AttemptOptions = {}): Promise<Attempted> {
  const logs: [LogLevel, string][] = [];
  const context = {
    attemptId: 'attempt',
    dagId: (dag as DagDefinition).id,
    runId: 'manual__1',
    runType: 'manual',
    taskId,
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 0,
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: '2026-11-23T00:00:00Z',
    params: options.params ?? {},
    firstStartedAt: null,
    tryAgeMs: 0,
    idempotencyKey: 'key',
    scratchFolder: '/tmp',
    ...(options.resumed === undefined ? {} : { resumed: options.resumed }),
  };
  const result = await runTask(
    dag as DagDefinition,
    { type: 'run', context, inputs: options.inputs ?? {} },
    {
      log: (level, message) => void logs.push([level, message]),
      request: async (body) => options.answer?.(body),
      heartbeat: () => undefined,
      signal: options.signal ?? new AbortController().signal,
    },
  );
  return { result, logs };
}
