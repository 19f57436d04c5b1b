/**
 * Runs the tasks of a DAG without branches or maps one after the other, as a task process would, but in this
 * process: results travel as JSON, and a failed task ends it.
 */
import type { BodyResult } from '#core/task-protocol.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';

export interface RunTasksOptions {
  readonly params: Readonly<Record<string, unknown>>;
  readonly connections: Readonly<Record<string, unknown>>;
  readonly scratchFolder: string;
  /** ISO; also both ends of the data interval. */
  readonly logicalDate?: string;
  /** Called before each task with its id, to put something in its way. */
  readonly before?: (taskId: string) => Promise<void>;
}

export interface TasksRun {
  readonly results: Readonly<Record<string, BodyResult>>;
  /** Values by task id, of those that succeeded. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly log: readonly string[];
}

export async function runTasks(dag: unknown, options: RunTasksOptions): Promise<TasksRun> {
  const definition = dag as DagDefinition;
  const results: Record<string, BodyResult> = {};
  const values: Record<string, unknown> = {};
  const log: string[] = [];
  for (const { taskId } of serialiseDag(definition).tasks) {
    await options.before?.(taskId);
    const result = await runTask(definition, messageFor(definition, taskId, values, options), {
      signal: new AbortController().signal,
      log: (level, message) => log.push(`${taskId} ${level}: ${message}`),
      heartbeat: () => undefined,
      request: async (body) => {
        if (body.what === 'connection' && body.id in options.connections) return options.connections[body.id];
        throw new Error(`nothing is known of ${JSON.stringify(body)}`);
      },
    });
    results[taskId] = result;
    if (result.outcome !== 'success') break;
    values[taskId] = JSON.parse(JSON.stringify(result.value));
  }
  return { results, values, log };
}

function messageFor(dag: DagDefinition, taskId: string, values: Readonly<Record<string, unknown>>, options: RunTasksOptions) {
  const task = dag.tasks.get(taskId);
  return {
    type: 'run' as const,
    inputs: Object.fromEntries((task?.reads ?? []).map((id) => [id, values[id]])),
    context: {
      attemptId: `attempt-${taskId}`,
      dagId: dag.id,
      runId: 'manual__2026-11-23T00:00:00+00:00',
      runType: 'manual',
      taskId,
      mapIndex: -1,
      tryNumber: 1,
      maxTries: 1,
      logicalDate: options.logicalDate ?? null,
      dataIntervalStart: options.logicalDate ?? null,
      dataIntervalEnd: options.logicalDate ?? null,
      runAfter: '2026-11-23T00:00:00Z',
      params: options.params,
      firstStartedAt: null,
      idempotencyKey: `key-${taskId}`,
      scratchFolder: options.scratchFolder,
    },
  };
}
