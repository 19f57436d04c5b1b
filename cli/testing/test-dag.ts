/** `testDag(dag, { mock })`: a whole run in this process, by the scheduler's own rules; waits take no time. */
import { rmSync } from 'node:fs';
import { SPEC_LIMITS } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { TaskInstanceState } from '#core/states.ts';
import { type Clock, systemClock } from '#platform/clock.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import type { DagDefinition, TaskDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { decodeValue } from '#sdk/runtime/value-codec.ts';
import { MemoryRun, type MemoryRunResult } from '../dag-test/memory-run.ts';
import { TestHost, type TestLog, type TestWorld } from './test-host.ts';
import type { AnyDag } from './test-task.ts';

export interface TestDagOptions extends TestWorld {
  readonly params?: Readonly<Record<string, unknown>>;
  /** By task id: a result, or a function that stands in for the body. */
  readonly mock?: Readonly<Record<string, unknown>>;
}

export interface TestedInstance {
  readonly state: TaskInstanceState;
  readonly reason: string | null;
  readonly tryNumber: number;
}

export interface TestedRun {
  readonly state: 'success' | 'failed';
  readonly reason: string | null;
  /** Throws for a task that the DAG has not. */
  task(taskId: string): TestedInstance & { readonly output: unknown; readonly instances: readonly TestedInstance[] };
  readonly logs: readonly TestLog[];
}

export async function testDag(dag: AnyDag, options: TestDagOptions = {}): Promise<TestedRun> {
  const definition = withMocks(dag as unknown as DagDefinition, options.mock ?? {});
  const spec = serialiseDag(definition);
  const params = { ...spec.paramsDefaults, ...options.params };
  new ParamsCheck().check({ key: spec.dagId, schema: spec.paramsSchema, params });
  const host = new TestHost(options);
  const scratchFolder = makeTemporaryFolder('testing');
  try {
    const run = new MemoryRun({
      spec,
      runId: 'test',
      params,
      conf: options.params ?? {},
      scratchFolder,
      mapLengthMax: SPEC_LIMITS.mappedInstances,
      clock: hurried(),
      runBody: async (message) => {
        const result = await runTask(definition, message, host.for(message));
        const { taskId, mapIndex } = message.context;
        if (result.outcome === 'success') host.keep(taskId, mapIndex, 'return_value', result.value);
        return result;
      },
      wait: async (waiter, taskId) => {
        const message = `"${taskId}" waits for ${waiter.kind}, which nothing brings in a test. Mock it: { mock: { ${JSON.stringify(taskId)}: … } }.`;
        return { end: 'fail', error: { name: 'NotHere', message }, retryable: false };
      },
      onEnd: () => {},
    });
    return testedRun(await run.run(), host);
  } finally {
    rmSync(scratchFolder, { recursive: true, force: true });
  }
}

function withMocks(dag: DagDefinition, mock: Readonly<Record<string, unknown>>): DagDefinition {
  const tasks = new Map(dag.tasks);
  for (const [taskId, value] of Object.entries(mock)) {
    const task = tasks.get(taskId);
    if (task === undefined)
      throw new AppError('NOT_FOUND', `The mock of "${taskId}" is for no task. DAG "${dag.id}" has: ${[...tasks.keys()].join(', ')}.`);
    const run: TaskDefinition['run'] = typeof value === 'function' ? (value as TaskDefinition['run']) : () => value;
    tasks.set(taskId, { ...task, run, inputSchema: null });
  }
  return Object.create(dag, { tasks: { value: tasks } }) as DagDefinition;
}

/** Delays of retries and sensors pass at once, and the time of day with them. */
function hurried(): Clock {
  let skippedMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + skippedMs,
    monotonic: () => systemClock.monotonic() + skippedMs,
    sleep: async (ms: number) => {
      skippedMs += Math.max(0, ms);
      return true;
    },
  };
}

function testedRun(result: MemoryRunResult, host: TestHost): TestedRun {
  return {
    state: result.state,
    reason: result.reason,
    logs: host.logs,
    task(taskId) {
      const own = result.instances.filter((instance) => instance.task.taskId === taskId);
      const [first] = own;
      if (first === undefined) throw new AppError('NOT_FOUND', `The run has no task "${taskId}".`);
      const instances = own.map(({ state, reason, tryNumber }) => ({ state, reason, tryNumber }));
      const values = host.valuesOf(taskId, 'return_value').map(decodeValue);
      const { state, reason, tryNumber } = first;
      return { state, reason, tryNumber, instances, output: first.mapIndex < 0 ? values[0] : values };
    },
  };
}
