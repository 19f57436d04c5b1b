/** Goal: mapped regions of every kind, in Postgres: made at once, fitted to a new length, thousands at a time. */
import { expect, it } from 'vitest';
import type { ListExpression } from '#core/dag-spec.ts';
import { clearInstances } from '#platform/db/queries/api/move-instances.ts';
import { setDagRunState } from '#platform/db/queries/api/set-dag-run-state.ts';
import { type ItemRequest, readItems } from '#platform/db/queries/read-items.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { database, finish, inbox, instances, runState, settle, sql, startRun, statesOf } from './engine-harness.ts';

const literal = (length: number): ListExpression => ({ from: 'literal', taskId: '', path: [], length });
const resultOf = (taskId: string, ...path: string[]): ListExpression => ({ from: 'task', taskId, path });
const resultsOf = (taskId: string, ...path: string[]): ListExpression => ({ from: 'results', taskId, path });
const scope = (scopeId: string, over: ListExpression, tolerate = 0) => ({ scopeId, over, maxActive: null, tolerate });

async function itemOf(dagRunId: string, mapIndex: number, over: ListExpression, params: unknown = {}) {
  const request: ItemRequest = { attemptId: crypto.randomUUID(), dagRunId, mapIndex, scope: scope('m', over), params };
  return (await readItems(database.db, [request])).get(request.attemptId);
}

async function clear(dagRunId: string, dagId: string, taskIds: readonly string[], mapIndex?: number): Promise<void> {
  const rows = (await instances(dagRunId)).filter(
    (row) => taskIds.includes(row.task_id) && (mapIndex === undefined || row.map_index === mapIndex),
  );
  await clearInstances(database.db, rows.map((row) => row.task_instance_id), 'user:me'); // biome-ignore format: one line
  await setDagRunState(database.db, dagRunId, 'queued', null);
  inbox.reloadRuns(dagId);
  await settle();
}

it('makes the instances of a list in the file, and of params, as soon as the run starts', async () => {
  const spec = aDagSpec('at_once', [aTask('m', { mapScope: 'm' }), aTask('p', { mapScope: 'p' })], {
    mapScopes: [scope('m', literal(2)), scope('p', { from: 'params', taskId: '', path: ['rows'] })],
  });
  const run = await startRun(spec, { rows: { b: 1, a: 2 } });
  expect(await statesOf(run)).toEqual({ 'm[0]': 'queued', 'm[1]': 'queued', 'p[0]': 'queued', 'p[1]': 'queued' });
  const item = await itemOf(run, 1, { from: 'params', taskId: '', path: ['rows'] });
  expect(item?.elements).toEqual({ 0: { value: { key: 'b', value: 1 } } });
});

it('maps over a mapped result without the instances that have none, and reads the right element', async () => {
  const tasks = [aTask('m', { mapScope: 'm' }), aTask('n', { mapScope: 'n', upstream: ['m'], triggerRule: 'all_done' })];
  const spec = aDagSpec('twice', tasks, { mapScopes: [scope('m', literal(3)), scope('n', resultsOf('m', 'id'))] });
  const run = await startRun(spec);
  await finish(run, 'm', { valueJson: '{"id":"zero"}' }, 0);
  await finish(run, 'm', { event: 'skip', reason: 'nothing there' }, 1);
  expect(await statesOf(run)).toMatchObject({ n: 'none' });
  await finish(run, 'm', { valueJson: '{"id":"two"}' }, 2);
  expect(await statesOf(run)).toMatchObject({ 'n[0]': 'queued', 'n[1]': 'queued' });
  const request = (mapIndex: number): ItemRequest => ({ attemptId: crypto.randomUUID(), dagRunId: run, mapIndex, scope: scope('n', resultsOf('m', 'id')), params: {} }); // biome-ignore format: short
  const asked = [request(0), request(1)];
  const read = await readItems(database.db, asked);
  expect(asked.map((one) => read.get(one.attemptId))).toEqual([
    { lengths: [2], elements: { 0: { value: 'zero' } }, mapLength: 2 },
    { lengths: [2], elements: { 0: { value: 'two' } }, mapLength: 2 },
  ]);
});

it('maps over a product of a result, params and a list in the file, and reads one element of each', async () => {
  const over: ListExpression = {
    op: 'cross',
    parts: [resultOf('list', 'rows'), { from: 'params', taskId: '', path: ['days'] }, literal(2)],
  };
  const spec = aDagSpec('product', [aTask('list'), aTask('m', { mapScope: 'm', upstream: ['list'] })], { mapScopes: [scope('m', over)] });
  const run = await startRun(spec, { days: ['mon', 'tue'] });
  await finish(run, 'list', { valueJson: '{"rows":["a","b"]}', mapLengths: { 'm#0': 2 } });
  expect((await instances(run)).filter((row) => row.task_id === 'm')).toHaveLength(8);
  // 6 = b, mon, second element of the list in the file
  expect(await itemOf(run, 5, over, { days: ['mon', 'tue'] })).toEqual({
    lengths: [2, 2, 2],
    elements: { 0: { value: 'b' }, 1: { value: 'mon' } },
    mapLength: 8,
  });
});

it('reads entries of objects and maps, elements of sets, and nothing where there is none', async () => {
  const values = {
    o: { b: 1, ä: 2, a: 3 },
    s: { $windlass: 'set', value: ['x'] },
    m: { $windlass: 'map', value: [[1, 'one']] },
    n: null,
    t: 'text',
  };
  const run = await startRun(aDagSpec('shapes', [aTask('list'), aTask('other')]));
  await finish(run, 'list', { valueJson: JSON.stringify(values) });
  const read = async (path: string, at: number) => (await itemOf(run, at, resultOf('list', path)))?.elements[0]?.value;
  expect(await Promise.all([read('o', 0), read('o', 1), read('o', 2), read('o', 3)])).toEqual([{ key: 'a', value: 3 }, { key: 'b', value: 1 }, { key: 'ä', value: 2 }, null]); // biome-ignore format: a table
  expect(await Promise.all([read('s', 0), read('m', 0), read('m', 1), read('n', 0), read('t', 0)])).toEqual([
    'x',
    { key: 1, value: 'one' },
    null,
    null,
    null,
  ]);
});

it('adds instances when its producer is cleared and returns more, removes the surplus when it returns fewer, and takes them back', async () => {
  const tasks = [aTask('list'), aTask('m', { mapScope: 'm', upstream: ['list'], retries: 2 }), aTask('sum', { upstream: ['m'] })];
  const run = await startRun(aDagSpec('resized', tasks, { mapScopes: [scope('m', resultOf('list'))] }));
  await finish(run, 'list', { valueJson: '[1,2]', mapLengths: { m: 2 } });
  for (const index of [0, 1]) await finish(run, 'm', {}, index);
  await finish(run, 'sum');
  expect(await runState(run)).toBe('success');

  await clear(run, 'resized', ['list']);
  await finish(run, 'list', { valueJson: '[1,2,3]', mapLengths: { m: 3 } });
  expect(await statesOf(run)).toEqual({ list: 'success', 'm[0]': 'success', 'm[1]': 'success', 'm[2]': 'queued', sum: 'success' });
  await finish(run, 'm', {}, 2);

  await clear(run, 'resized', ['list', 'sum']);
  await finish(run, 'list', { valueJson: '[1]', mapLengths: { m: 1 } });
  expect(await statesOf(run)).toEqual({ list: 'success', 'm[0]': 'success', 'm[1]': 'removed', 'm[2]': 'removed', sum: 'queued' });
  expect((await instances(run)).find((row) => row.map_index === 2)?.reason).toBe('the list to map over has only 1 elements now');
  await finish(run, 'sum');
  expect(await runState(run)).toBe('success');

  await clear(run, 'resized', ['list']);
  await finish(run, 'list', { valueJson: '[1,2]', mapLengths: { m: 2 } });
  expect(await statesOf(run)).toMatchObject({ 'm[0]': 'success', 'm[1]': 'queued', 'm[2]': 'removed' });
  await finish(run, 'm', {}, 1);
  expect(await runState(run)).toBe('success');
  const events = await sql<{ event: string }>(
    `select e.event from task_instance_event e join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 and ti.map_index = 1 order by e.event_id`,
    [run],
  );
  expect(events.map((row) => row.event)).toEqual([
    'schedule',
    'enqueue',
    'start',
    'succeed',
    'remove',
    'restore',
    'schedule',
    'enqueue',
    'start',
    'succeed',
  ]);
});

it('removes surplus instances that were queued or running: their lease is taken away and their slot is free', async () => {
  const tasks = [aTask('list'), aTask('m', { mapScope: 'm', upstream: ['list'] })];
  const run = await startRun(aDagSpec('resized_running', tasks, { mapScopes: [scope('m', resultOf('list'))] }));
  await finish(run, 'list', { valueJson: '[1,2]', mapLengths: { m: 2 } });
  const { claim, engine } = await import('./engine-harness.ts');
  const claimed = await claim(run, 'm', 1);
  inbox.ended([claimed?.taskInstanceId as string]);
  await settle();
  await clear(run, 'resized_running', ['list']);
  await finish(run, 'list', { valueJson: '[1]', mapLengths: { m: 1 } });
  expect(await statesOf(run)).toMatchObject({ 'm[0]': 'queued', 'm[1]': 'removed' });
  const [attempt] = await sql<{ outcome: string }>('select outcome from task_attempt where attempt_id = $1', [claimed?.attemptId]);
  expect(attempt?.outcome).toBe('killed');
  expect(engine.memory.runs.get(run)?.occupying).toBe(1);
});

it('runs one index again when it alone is cleared', async () => {
  const run = await startRun(aDagSpec('one_index', [aTask('m', { mapScope: 'm' })], { mapScopes: [scope('m', literal(3))] }));
  for (const index of [0, 1, 2]) await finish(run, 'm', {}, index);
  await clear(run, 'one_index', ['m'], 1);
  expect(await statesOf(run)).toEqual({ 'm[0]': 'success', 'm[1]': 'queued', 'm[2]': 'success' });
});

it('fails in words when a list is longer than WINDLASS_MAX_MAP_LENGTH allows, or is none', async () => {
  const { engine } = await import('./engine-harness.ts');
  const tasks = [aTask('m', { mapScope: 'm' }), aTask('p', { mapScope: 'p' })];
  const spec = aDagSpec('limits', tasks, {
    mapScopes: [
      scope('m', { op: 'cross', parts: [literal(1_000), literal(1_000)] }),
      scope('p', { from: 'params', taskId: '', path: ['rows'] }),
    ],
  });
  const run = await startRun(spec, { rows: null });
  expect(engine.memory.runs.get(run)).toBeUndefined();
  expect(Object.fromEntries((await instances(run)).map((row) => [row.task_id, `${row.state}: ${row.reason}`]))).toEqual({
    m: 'failed: the list to map over has 1000000 elements; at most 100000 are allowed. Map over batches',
    p: 'failed: p maps over params.rows, which must be a list but is null',
  });
});

it('expands ten thousand instances in set-based statements, and takes their ends in', { timeout: 120_000 }, async () => {
  const spec = aDagSpec(
    'thousands',
    [aTask('list'), aTask('m', { mapScope: 'm', upstream: ['list'] }), aTask('sum', { upstream: ['m'] })],
    {
      mapScopes: [scope('m', resultOf('list'))],
      maxActiveTasks: 20_000,
    },
  );
  const run = await startRun(spec);
  await finish(run, 'list', { mapLengths: { m: 10_000 } });
  expect(
    (await sql<{ n: number }>(`select count(*)::int as n from task_instance where dag_run_id = $1 and task_id = 'm'`, [run]))[0]?.n,
  ).toBe(10_000);
  for (let rounds = 0; rounds < 1_000 && (await sumState(run)) === 'none'; rounds++) {
    // The workers' part, in one go: what matters here is what the scheduler makes of it.
    const ended = await sql<{ id: string }>(PLAY_QUEUED, [run]);
    inbox.ended(ended.map((row) => row.id));
    await settle();
  }
  expect(await sumState(run)).toBe('queued');
});

/** Marked rather than run: a person may do that, too. */
const PLAY_QUEUED = `update task_instance set state = 'success' where dag_run_id = $1 and task_id = 'm' and state = 'queued' returning task_instance_id as id`;

async function sumState(run: string): Promise<string | undefined> {
  return (await sql<{ state: string }>(`select state from task_instance where dag_run_id = $1 and task_id = 'sum'`, [run]))[0]?.state;
}
