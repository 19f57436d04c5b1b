/** Runs one task of a DAG as a task process would, with a host in memory. */
import type { BodyResult, LogLevel, RequestBody } from '#core/task-protocol.ts';
import type { Resumed } from '#core/waiting/waiter.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { anAttemptContext } from './an-attempt-context.ts';

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
  const context = anAttemptContext({
    dagId: (dag as DagDefinition).id,
    taskId,
    params: options.params ?? {},
    ...(options.resumed === undefined ? {} : { resumed: options.resumed }),
  });
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
