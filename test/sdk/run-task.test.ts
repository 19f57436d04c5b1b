/** Goal: one attempt gets the right inputs and its end becomes the right result. Method: runTask with a host in memory. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { BodyResult, LogLevel, RequestBody, RunMessage } from '#core/task-protocol.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { dag, defineTask, Fatal, notYet, type Ref, RetryAfter, Skip } from '#sdk/index.ts';
import { runTask } from '#sdk/runtime/run-task.ts';

const CONTEXT: RunMessage['context'] = {
  attemptId: 'attempt',
  dagId: 'd',
  runId: 'manual__1',
  runType: 'manual',
  taskId: 't',
  mapIndex: -1,
  tryNumber: 1,
  maxTries: 0,
  logicalDate: '2026-11-23T00:00:00Z',
  dataIntervalStart: '2026-11-22T00:00:00Z',
  dataIntervalEnd: '2026-11-23T00:00:00Z',
  runAfter: '2026-11-23T00:00:00Z',
  params: {},
  firstStartedAt: null,
  idempotencyKey: 'key',
  scratchFolder: '/tmp/windlass-scratch-test',
};

interface Given {
  readonly taskId?: string;
  readonly inputs?: Record<string, unknown>;
  readonly item?: unknown;
  readonly context?: Partial<RunMessage['context']>;
  readonly answer?: (body: RequestBody) => unknown;
  readonly logs?: [LogLevel, string][];
}

function attempt(made: unknown, given: Given = {}): Promise<BodyResult> {
  const message: RunMessage = {
    type: 'run',
    context: { ...CONTEXT, taskId: given.taskId ?? 't', ...given.context },
    inputs: given.inputs ?? {},
    ...(Object.hasOwn(given, 'item') && { item: { lengths: [], values: { 0: given.item } } }),
  };
  return runTask(made as DagDefinition, message, {
    log: (level, text) => given.logs?.push([level, text]),
    request: async (body) => given.answer?.(body),
    heartbeat: () => undefined,
    signal: new AbortController().signal,
  });
}

const thrower = (thrown: unknown) =>
  dag('d', {}, ({ task }) =>
    task('t', () => {
      throw thrown;
    }),
  );

test('an error with an endless message is cut, not refused as a result that is too large', async () => {
  const result = await attempt(thrower(new Error('x'.repeat(5_000_000))));
  expect(JSON.stringify(result).length).toBeLessThan(300_000);
  expect(result).toMatchObject({ outcome: 'failed', error: { message: expect.stringMatching(/^xxx/) } });
});

test('objects in the log are shown, also those that JSON cannot write', async () => {
  const logs: [LogLevel, string][] = [];
  const made = dag('d', {}, ({ task }) =>
    task('t', (ctx) => {
      const round: Record<string, unknown> = {};
      round['self'] = round;
      ctx.log.info({ rows: 3 } as unknown as string);
      ctx.log.info('with a cycle', { round, rows: 3 });
    }),
  );
  expect(await attempt(made, { logs })).toMatchObject({ outcome: 'success' });
  expect(logs).toEqual([
    ['info', '{ rows: 3 }'],
    ['info', 'with a cycle'],
  ]);
});

test('inputs are resolved at any depth, by path, with literals as they were', async () => {
  const made = dag('d', { params: z.object({ n: z.number().default(7) }) }, ({ task, params }) => {
    const a = task('a', () => ({ rows: [1, 2] }));
    task('t', { list: [a.at('rows').at(1), { n: params.at('n') }], lit: new Date(0) }, (input) => input);
  });
  const result = await attempt(made, { inputs: { a: { rows: [1, 2] } }, context: { params: {} } });
  expect(result).toMatchObject({
    outcome: 'success',
    value: { list: [2, { n: 7 }], lit: { $windlass: 'date', value: '1970-01-01T00:00:00.000Z' } },
  });
});

test('a result that JSON cannot say reaches the reader as what it was', async () => {
  const rich = { at: new Date(5), by: new Map([[1n, new Set(['x'])]]), to: new URL('http://x/'), raw: Buffer.from('hi'), not: Number.NaN };
  const made = dag('d', {}, ({ task }) => {
    const a = task('a', () => rich);
    task('t', { a }, ({ a }) => [a.at instanceof Date, a.by.get(1n)?.has('x'), a.to.host, a.raw.toString(), Number.isNaN(a.not)]);
  });
  const first = await attempt(made, { taskId: 'a' });
  if (first.outcome !== 'success') throw new Error('no success');
  const second = await attempt(made, { inputs: { a: JSON.parse(JSON.stringify(first.value)) } });
  expect(second).toMatchObject({ value: [true, true, 'x', 'hi', true] });
});

test.each([
  ['a function', () => () => 1, /is a function/],
  [
    'a cycle',
    () => {
      const a: Record<string, unknown> = {};
      a['self'] = a;
      return a;
    },
    /result of "t".self is a part of itself/,
  ],
  ['a promise inside', () => ({ list: [Promise.resolve(1)] }), /list\[0\] is a promise; await it first/],
  [
    'a class instance',
    () => ({
      x: new (class Row {
        n = 1;
      })(),
    }),
    /\.x is an instance of Row/,
  ],
] as const)('%s as a result fails with the path to it and is not retried', async (_name, make, message) => {
  const result = await attempt(dag('d', {}, ({ task }) => task('t', () => make() as unknown)));
  expect(result).toMatchObject({ outcome: 'failed', retryable: false });
  expect(result.outcome === 'failed' && result.error.message).toMatch(message);
});

test('bytes count the JSON text as it travels', async () => {
  expect(await attempt(dag('d', {}, ({ task }) => task('t', () => 'ä')))).toMatchObject({ bytes: 4 });
});

test('lists that others map over are measured', async () => {
  const made = dag('d', {}, ({ task, map }) => {
    const t = task('t', () => ({ files: ['a', 'b', 'c'] }));
    map('m', t.at('files'), (file) => file);
  });
  expect(await attempt(made)).toMatchObject({ mapLengths: { m: 3 } });
  const wrong = dag('d', {}, ({ task, map }) =>
    map(
      'm',
      task('t', () => 'no list' as unknown as string[]),
      (x) => x,
    ),
  );
  expect(await attempt(wrong)).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringContaining('must be a list') },
  });
});

test('a mapped task gets its item, what all share, and a label', async () => {
  const made = dag('d', {}, ({ task, map }) => {
    const a = task('a', () => [{ key: 'x' }]);
    const by = task('by', () => 10);
    map('t', a, { by }, (item, { by }) => `${item.key}${by}`, { label: (item) => `file ${item.key}` });
  });
  expect(await attempt(made, { inputs: { by: 10 }, item: { key: 'x' }, context: { mapIndex: 0 } })).toMatchObject({
    value: 'x10',
    mapLabel: 'file x',
  });
});

test("a mapped group's list is read with the path of its returned reference", async () => {
  const made = dag('d', {}, ({ task, mapGroup }) => {
    const sums = mapGroup(
      'g',
      task('a', () => [1]),
      (item, b) => b.task('sum', { item }, ({ item }) => ({ n: item })).at('n'),
    );
    task('t', { sums, first: sums.at(0) }, (input) => input);
  });
  expect(await attempt(made, { inputs: { 'g.sum': [{ n: 1 }, { n: 2 }] } })).toMatchObject({ value: { sums: [1, 2], first: 1 } });
});

test('the instances of a mapped group are labelled by their element', async () => {
  const made = dag('d', {}, ({ task, mapGroup }) => {
    const list = task('a', () => [{ key: 'x' }]);
    mapGroup('g', list, (item, b) => b.task('one', { item }, () => 1), { label: (item) => `file ${item.key}` });
  });
  const result = await attempt(made, { taskId: 'g.one', item: { key: 'x' }, context: { mapIndex: 0 } });
  expect(result).toMatchObject({ mapLabel: 'file x' });
});

test('a branch follows the chosen case, and its join is whichever ran', async () => {
  const made = dag('d', {}, ({ task, branch }) => {
    const joined = branch('b', { n: 1 }, ({ n }) => (n > 0 ? 'x' : 'y'), {
      x: (c) => c.task('x', () => 'from x'),
      y: (c) => c.task('y', () => 'from y'),
    });
    task('t', { joined }, ({ joined }) => joined);
  });
  expect(await attempt(made, { taskId: 'b' })).toMatchObject({ value: 'x', followed: ['x'] });
  expect(await attempt(made, { inputs: { y: 'from y' } })).toMatchObject({ value: 'from y' });
});

test('a branch that chooses no case fails and names the near one', async () => {
  const made = dag('d', {}, ({ branch }) => branch('t', {}, () => 'bulc' as 'bulk', { bulk: (c) => c.task('x', () => 1) }));
  expect(await attempt(made)).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringContaining('Did you mean "bulk"?') },
  });
});

test('a gate follows everything or nothing', async () => {
  const made = (open: boolean) => dag('d', {}, ({ gate }) => void gate('t', {}, () => open));
  expect(await attempt(made(true))).toMatchObject({ value: true, followed: null });
  expect(await attempt(made(false))).toMatchObject({ value: false, followed: [] });
});

test('Skip, Fatal and RetryAfter say how the try ended', async () => {
  expect(await attempt(thrower(new Skip('nothing to do')))).toEqual({ outcome: 'skipped', reason: 'nothing to do' });
  expect(await attempt(thrower(new Fatal('no')))).toMatchObject({ outcome: 'failed', retryable: false });
  expect(await attempt(thrower(new RetryAfter('5m')))).toMatchObject({ outcome: 'failed', retryable: true, retryAfterMs: 300_000 });
  expect(await attempt(thrower(new Error('x')))).toMatchObject({ outcome: 'failed', retryable: true, retryAfterMs: null });
});

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('hostile');
    },
    getPrototypeOf: () => {
      throw new Error('hostile');
    },
  },
);
test.each([
  ['null', null],
  ['undefined', undefined],
  ['a text', 'boom'],
  ['a symbol', Symbol('s')],
  ['a hostile Proxy', hostile],
])('%s may be thrown', async (_name, thrown) => {
  expect(await attempt(thrower(thrown))).toMatchObject({ outcome: 'failed', retryable: true });
});

test('the stack names causes', async () => {
  const result = await attempt(thrower(new Error('outer', { cause: new Error('inner') })));
  expect(result.outcome === 'failed' && result.error.stack).toMatch(/outer[\s\S]*Caused by: Error: inner/);
});

test('retryPolicy decides whether an error deserves another try', async () => {
  const made = dag('d', {}, ({ task }) =>
    task(
      't',
      () => {
        throw new Error('404');
      },
      { retryPolicy: (error) => !(error as Error).message.includes('404') },
    ),
  );
  expect(await attempt(made)).toMatchObject({ retryable: false });
});

test('when skips, checks fail the try and are listed when they pass', async () => {
  const skipped = dag('d', {}, ({ task }) => task('t', { n: 1 }, () => 1, { when: ({ n }) => n > 1 }));
  expect(await attempt(skipped)).toMatchObject({ outcome: 'skipped' });
  const checked = (rows: number[]) =>
    dag('d', {}, ({ task }) => task('t', () => rows, { checks: { 'some rows': (out) => out.length > 0 || 'empty' } }));
  expect(await attempt(checked([1]))).toMatchObject({ checks: [{ name: 'some rows', passed: true, message: null }] });
  expect(await attempt(checked([]))).toMatchObject({ outcome: 'failed', error: { message: 'Check "some rows" failed: empty' } });
});

test('the inputs of a definition are validated at run time', async () => {
  const tell = defineTask({
    name: 'tell',
    input: z.object({ text: z.string(), times: z.number().default(2) }),
    run: ({ text, times }) => text.repeat(times),
  });
  const made = dag('d', {}, ({ task }) => {
    const a = task('a', () => 'x');
    task('t', { text: a, times: undefined as unknown as number }, tell);
  });
  expect(await attempt(made, { inputs: { a: 'x' } })).toMatchObject({ value: 'xx' });
  expect(await attempt(made, { inputs: { a: 5 } })).toMatchObject({
    retryable: false,
    error: { message: expect.stringContaining('text:') },
  });
});

test('params that do not fit fail without retries', async () => {
  const made = dag('d', { params: z.object({ n: z.number() }) }, ({ task }) => task('t', (ctx) => ctx.params.n));
  expect(await attempt(made, { context: { params: { n: 3 } } })).toMatchObject({ value: 3 });
  expect(await attempt(made, { context: { params: { n: 'x' } } })).toMatchObject({
    retryable: false,
    error: { message: expect.stringContaining('params do not fit') },
  });
});

test('a sensor asks again, grows its wait, and gives up in time', async () => {
  const made = (onTimeout: 'fail' | 'skip') =>
    dag('d', {}, ({ sensor }) => sensor('t', () => notYet({ note: 'no file' }), { every: '10s', timeout: '1m', onTimeout, backoff: 2 }));
  expect(await attempt(made('fail'))).toEqual({ outcome: 'reschedule', afterMs: 10_000, note: 'no file' });
  const after = (ms: number) => ({ context: { firstStartedAt: new Date(Date.now() - ms).toISOString() } });
  const second = await attempt(made('fail'), after(10_000));
  expect(second.outcome === 'reschedule' && second.afterMs).toBeGreaterThanOrEqual(19_900);
  expect(await attempt(made('fail'), after(61_000))).toMatchObject({ outcome: 'failed', retryable: false });
  expect(await attempt(made('skip'), after(61_000))).toMatchObject({ outcome: 'skipped' });
});

test('a reference captured by a handler says what to do', async () => {
  const made = dag('d', {}, ({ task }) => {
    const a = task('a', () => [1]);
    task('t', () => (a as unknown as number[]).length);
  });
  expect(await attempt(made)).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringContaining('pass it as an input') },
  });
});

test('the context tells of the run, logs, asks and pushes', async () => {
  const logs: [LogLevel, string][] = [];
  const asked: RequestBody[] = [];
  const made = dag('d', {}, ({ task }) =>
    task('t', async (ctx) => {
      await ctx.log.group('inner', () => ctx.log.warn('careful', { n: 1n }));
      await ctx.xcom.push('k', new Set([1]));
      return [
        ctx.run.type,
        ctx.run.interval.start.toISOString(),
        ctx.idempotencyKey,
        (await ctx.conn('db')).host,
        await ctx.variable('v'),
        await ctx.xcom.pull('a'),
      ];
    }),
  );
  const answer = (body: RequestBody) => {
    asked.push(body);
    return body.what === 'connection' ? { host: 'h' } : body.what === 'xcom_pull' ? { $windlass: 'bigint', value: '5' } : null;
  };
  expect(await attempt(made, { logs, answer })).toMatchObject({
    value: ['manual', '2026-11-22T00:00:00.000Z', 'key', 'h', null, { value: '5' }],
  });
  expect(logs).toEqual([
    ['info', '::group::inner'],
    ['warning', 'careful'],
    ['info', '::endgroup::'],
  ]);
  expect(asked[0]).toEqual({ what: 'xcom_push', key: 'k', value: { $windlass: 'set', value: [1] } });
});

test('an unread upstream that was skipped is undefined', async () => {
  const made = dag('d', {}, ({ task }) => {
    const a: Ref<number> = task('a', () => 1);
    task('t', { a }, ({ a }) => a === undefined, { triggerRule: 'none_failed' });
  });
  expect(await attempt(made)).toMatchObject({ value: true });
});
