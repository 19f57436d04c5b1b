/** `testTask(dag, "clean", { input })`: one body, with the inputs that the test gives. */
import { AppError } from '#core/errors.ts';
import type { AttemptContext, BodyResult } from '#core/task-protocol.ts';
import type { Dag } from '#sdk/dag-type.ts';
import type { DagDefinition, TaskDefinition } from '#sdk/definition.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { decodeValue } from '#sdk/runtime/value-codec.ts';
import type { StandardSchemaV1 } from '#sdk/standard-schema.ts';
import { TestHost, type TestWorld } from './test-host.ts';

export interface TestTaskOptions extends TestWorld {
  /** What the handler is given, in place of results of other tasks. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** The element, for a mapped task. */
  readonly item?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default: 1. */
  readonly tryNumber?: number;
  /** Default: 2026-01-01. */
  readonly logicalDate?: Date;
}

/** The result of the body; it rejects with what the body threw. */
export interface TestedTask extends Promise<unknown> {
  /** Resolves with the error when the body throws one of this class (or with this text), else rejects. */
  fails(expected?: (new (...args: never[]) => Error) | RegExp | string): Promise<Error>;
}

// biome-ignore lint/suspicious/noExplicitAny: any DAG fits
export type AnyDag = Dag<StandardSchemaV1<any, any>, any>;

const SOME_DAY = '2026-01-01T00:00:00.000Z';

/** Runs one body as a worker would: templates, `when`, checks and schemas included. Nothing is started or stored. */
export function testTask(dag: AnyDag, taskId: string, options: TestTaskOptions = {}): TestedTask {
  const running = run(dag as unknown as DagDefinition, taskId, options);
  return Object.assign(running, {
    fails: async (expected?: Parameters<TestedTask['fails']>[0]) => {
      const outcome = await running.then(
        (value) => ({ value }),
        (error: Error) => ({ error }),
      );
      if (!('error' in outcome)) throw new Error(`"${taskId}" was to fail, but returned ${JSON.stringify(outcome.value)}.`);
      if (matches(outcome.error, expected)) return outcome.error;
      throw new Error(`"${taskId}" failed otherwise than expected: ${outcome.error.name}: ${outcome.error.message}`);
    },
  });
}

async function run(dag: DagDefinition, taskId: string, options: TestTaskOptions): Promise<unknown> {
  const task = dag.tasks.get(taskId);
  if (task === undefined)
    throw new AppError('NOT_FOUND', `DAG "${dag.id}" has no task "${taskId}". It has: ${[...dag.tasks.keys()].join(', ')}.`);
  let thrown: unknown = null;
  const given = options.item === undefined ? task : withItem(task, options.item);
  const watched: TaskDefinition = {
    ...given,
    input: options.input === undefined ? given.input : { kind: 'literal', value: options.input },
    run: async (...args) => {
      try {
        return await given.run(...args);
      } catch (error) {
        thrown = error;
        throw error;
      }
    },
  };
  const host = new TestHost(options);
  const spec = serialiseDag(dag);
  const message = {
    type: 'run' as const,
    context: contextOf(dag.id, taskId, { ...spec.paramsDefaults, ...options.params }, options),
    inputs: {},
  };
  const tasks = new Map(dag.tasks).set(taskId, watched);
  const result = await runTask(Object.create(dag, { tasks: { value: tasks } }) as DagDefinition, message, host.for(message));
  return readResult(taskId, result, thrown);
}

/** The element comes from the test instead of from a list. */
function withItem(task: TaskDefinition, item: unknown): TaskDefinition {
  const run: TaskDefinition['run'] = (input, ctx) => (task.call === 'item' ? task.run(item, ctx) : task.run(item, input, ctx));
  return { ...task, call: 'input', mapScope: null, label: null, inputSchema: task.call === 'item' ? null : task.inputSchema, run };
}

function readResult(taskId: string, result: BodyResult, thrown: unknown): unknown {
  switch (result.outcome) {
    case 'success':
      return decodeValue(result.value);
    case 'failed':
      throw thrown instanceof Error ? thrown : Object.assign(new Error(result.error.message), { name: result.error.name });
    case 'skipped':
      throw thrown instanceof Error ? thrown : Object.assign(new Error(result.reason), { name: 'Skip' });
    default:
      throw new Error(`"${taskId}" did not end: it waits (${result.outcome}).`);
  }
}

function contextOf(dagId: string, taskId: string, params: object, { item, tryNumber = 1, logicalDate }: TestTaskOptions): AttemptContext {
  const at = logicalDate?.toISOString() ?? SOME_DAY;
  return {
    attemptId: 'test',
    dagId,
    runId: `manual__${at}`,
    runType: 'manual',
    taskId,
    mapIndex: item === undefined ? -1 : 0,
    tryNumber,
    maxTries: 0,
    logicalDate: at,
    dataIntervalStart: at,
    dataIntervalEnd: at,
    runAfter: at,
    params,
    firstStartedAt: null,
    idempotencyKey: 'test',
    scratchFolder: '/tmp/windlass-test-scratch',
  };
}

function matches(error: Error, expected: Parameters<TestedTask['fails']>[0]): boolean {
  if (expected === undefined) return true;
  if (typeof expected === 'string') return error.message.includes(expected);
  if (expected instanceof RegExp) return expected.test(error.message);
  // By name as well: the bundle of a DAG has its own copy of the sdk's errors.
  const { name } = expected;
  return error.name === name || error instanceof expected;
}
