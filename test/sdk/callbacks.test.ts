/** Goal: callback options, hooks and deadlines become names in the spec and calls in the task process. Method: DAGs built here, bodies and calls run with a host in memory. */
import { expect, test } from 'vitest';
import type { CallbackKind } from '#core/callbacks.ts';
import type { CallbackCall, RunMessage } from '#core/task-protocol.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { averageRuntime, type CallbackEvent, dag, defineNotifier, Fatal } from '#sdk/index.ts';
import { runCallback } from '#sdk/runtime/run-callback.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { attemptTask } from '#test/support/task-attempt.ts';

const specOf = (made: unknown) => serialiseDag(made as DagDefinition);

function call(made: unknown, kind: CallbackKind, position: number, taskId = '', change: Partial<CallbackCall> = {}) {
  const context = {
    attemptId: 'a',
    dagId: 'd',
    runId: 'manual__1',
    runType: 'manual',
    taskId,
    mapIndex: -1,
    tryNumber: 2,
    maxTries: 2,
    logicalDate: '2026-01-02T00:00:00Z',
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: '2026-01-02T00:00:00Z',
    params: { team: 'sales' },
    firstStartedAt: null,
    idempotencyKey: 'key-1',
    scratchFolder: '/tmp',
  };
  const message: RunMessage = { type: 'run', context, inputs: {} };
  const facts: CallbackCall = {
    kind,
    slot: 0,
    position,
    ofTask: taskId !== '',
    reason: 'task_failure',
    message: 'it broke',
    error: { name: 'Error', message: 'it broke', stack: '' },
    url: 'http://windlass/run',
    at: '2026-01-02T00:01:00Z',
    deadline: null,
    request: null,
    ...change,
  };
  const host = { log: () => {}, request: async () => 'value', heartbeat: () => {}, signal: new AbortController().signal };
  return runCallback(made as DagDefinition, message, facts, host);
}

test('the spec names callbacks of the DAG, of defaultArgs and of a task, and passes its check', () => {
  const slack = defineNotifier<{ text: string }>({ name: 'slack', send: () => {} });
  const made = dag(
    'd',
    {
      onSuccessCallback: () => {},
      onFailureCallback: [slack({ text: 'x' }), function tellTeam() {}],
      defaultArgs: { onRetryCallback: slack({ text: 'y' }) },
      deadline: [
        { within: '-5m', reference: 'logicalDate', notify: slack({ text: 'z' }) },
        { name: 'usual', within: 0, reference: averageRuntime({ maxRuns: 3, minRuns: 2 }) },
      ],
    },
    ({ task }) => void task('a', () => 1, { onFailureCallback: () => {} }),
  );
  const spec = specOf(made);
  expect(spec.callbacks).toEqual({ on_success: ['function'], on_failure: ['slack', 'tellTeam'] });
  expect(spec.tasks[0]?.callbacks).toEqual({ on_failure: ['function'], on_retry: ['slack'] });
  expect(spec.deadlines).toEqual([
    { name: '5 min before logicalDate', reference: { kind: 'logical_date' }, withinMs: -300_000, callbacks: ['slack'] },
    { name: 'usual', reference: { kind: 'average_runtime', maxRuns: 3, minRuns: 2 }, withinMs: 0, callbacks: [] },
  ]);
  expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual([]);
});

test('a DAG without any adds nothing to its spec', () => {
  const spec = specOf(dag('d', {}, ({ task }) => void task('a', () => 1)));
  expect(spec).not.toHaveProperty('callbacks');
  expect(spec.tasks[0]).not.toHaveProperty('callbacks');
});

test('a callback is told what happened, and may look things up', async () => {
  const told: { event: CallbackEvent; variable: string | null }[] = [];
  const made = dag(
    'd',
    { onFailureCallback: async (event) => void told.push({ event, variable: await event.ctx.variable('v') }) },
    ({ task }) => void task('a', () => 1),
  );
  expect(await call(made, 'on_failure', 0)).toMatchObject({ outcome: 'success' });
  expect(told[0]).toMatchObject({
    variable: 'value',
    event: {
      reason: 'task_failure',
      message: 'it broke',
      task: null,
      url: 'http://windlass/run',
      ctx: { idempotencyKey: 'key-1', params: { team: 'sales' } },
    },
  });
});

test('the fields of a notifier are templates with the names of Airflow and of the event', async () => {
  const sent: object[] = [];
  const notify = defineNotifier<{ text: string; blocks: readonly object[] }>({
    name: 'chat',
    templateFields: ['text', 'blocks'],
    send: (fields) => void sent.push(fields),
  });
  const fields = { text: '{{ task.id }} {{ ds }}: {{ error.message }}', blocks: [{ link: '{{ url }}', team: '{{ params.team }}' }] };
  const made = dag('d', {}, ({ task }) => void task('a', () => 1, { onFailureCallback: notify(fields) }));
  expect(await call(made, 'on_failure', 0, 'a')).toMatchObject({ outcome: 'success' });
  expect(sent).toEqual([{ text: 'a 2026-01-02: it broke', blocks: [{ link: 'http://windlass/run', team: 'sales' }] }]);
});

test('a callback that throws fails its call; Fatal says that another try will not help', async () => {
  const made = dag(
    'd',
    {
      onFailureCallback: [
        () => {
          throw new Error('no network');
        },
        () => {
          throw new Fatal('no such channel');
        },
      ],
    },
    ({ task }) => void task('a', () => 1),
  );
  expect(await call(made, 'on_failure', 0)).toMatchObject({ outcome: 'failed', retryable: true, error: { message: 'no network' } });
  expect(await call(made, 'on_failure', 1)).toMatchObject({ outcome: 'failed', retryable: false });
  expect(await call(made, 'on_failure', 2)).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringMatching(/no such callback/) },
  });
});

test('preExecute and postExecute stand around the body and may fail it; onExecuteCallback only looks on', async () => {
  const order: unknown[] = [];
  const made = dag('d', {}, ({ task }) => {
    task('a', () => (order.push('body') === 3 ? 7 : 0), {
      preExecute: (ctx) => order.push(`pre ${ctx.task.id}`),
      onExecuteCallback: () => {
        order.push('execute');
        throw new Error('only looking');
      },
      postExecute: (_ctx, result) => order.push(`post ${result}`),
    });
    task('refused', () => order.push('never'), {
      preExecute: () => {
        throw new Error('not today');
      },
    });
  });
  const { result, logs } = await attemptTask(made, 'a');
  expect(result).toMatchObject({ outcome: 'success', value: 7 });
  expect(order).toEqual(['pre a', 'execute', 'body', 'post 7']);
  expect(logs.flat().join()).toContain('onExecuteCallback failed: Error: only looking');
  expect((await attemptTask(made, 'refused')).result).toMatchObject({ outcome: 'failed', error: { message: 'not today' } });
  expect(order).not.toContain('never');
});

test('onKill is called when the body is stopped, and not otherwise', async () => {
  const killed: string[] = [];
  const made = dag('d', {}, ({ task }) => {
    const hooks = { onKill: (ctx: { task: { id: string } }) => void killed.push(ctx.task.id) };
    task('long', (ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('stopped')))), hooks);
    task('short', () => 1, hooks);
  });
  const stop = new AbortController();
  const running = attemptTask(made, 'long', { signal: stop.signal });
  await attemptTask(made, 'short', { signal: stop.signal });
  stop.abort();
  expect((await running).result).toMatchObject({ outcome: 'failed' });
  expect(killed).toEqual(['long']);
});
