/** Goal: maps of every kind, from a DAG file to the results, through DAG processor, scheduler, queue and caged workers. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { clearInstances } from '#platform/db/queries/api/move-instances.ts';
import { setDagRunState } from '#platform/db/queries/api/set-dag-run-state.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = {
  'maps.ts': `
import { concat, cross, dag, Skip, zip } from 'windlass';
import { z } from 'zod';
const options = { isPausedUponCreation: false };

export const made = dag('made', { ...options, params: z.object({ units: z.array(z.string()).default(['C', 'F']) }) }, ({ task, map, params }) => {
  const list = task('list', () => ({ days: [new Date(0), new Date(86_400_000)], of: { b: 1, a: 2 } }));
  const rows = map('rows', cross({ day: list.at('days'), unit: params.at('units') }), ({ day, unit }, ctx) => {
    if (unit === 'F' && day.getTime() === 0) throw new Skip('no such day');
    return day.toISOString().slice(8, 10) + unit + ' ' + ctx.task.mapIndex + '/' + ctx.task.expandedCount;
  }, { label: ({ unit }) => 'in ' + unit });
  const lengths = map('lengths', rows, (text) => text.length, { triggerRule: 'none_failed' });
  task('sum', { rows, lengths }, ({ rows, lengths }) => ({ rows, lengths }), { triggerRule: 'none_failed' });
  const entries = map('entries', list.at('of'), ({ key, value }) => key + value);
  const more = map('more', zip(concat(['x'], list.at('days')).map((item) => typeof item), [1, 2, 3, 4], { fill: '-' }), (item) => item);
  task('both', { entries, more }, (all) => all);
});

export const grouped = dag('grouped', options, ({ mapGroup, task }) => {
  const ends = mapGroup('g', ['a', 'b', 'c'], (item, b) => {
    const seen = b.task('seen', { item }, ({ item }) => { if (item === 'c') throw new Error('c is broken'); return item; });
    const go = b.gate('go', { seen }, ({ seen }) => seen !== 'b');
    const picked = b.branch('pick', { seen }, ({ seen }) => seen === 'a' ? 'upper' : 'same', {
      upper: (q) => q.task('upper', { seen }, ({ seen }) => seen.toUpperCase()),
      same: (q) => q.task('same', { seen }, ({ seen }) => seen),
    });
    const end = b.task('end', { picked }, ({ picked }) => picked);
    b.chain(go, end);
    return end;
  }, { tolerate: 1 });
  task('all', { ends }, ({ ends }) => ends, { triggerRule: 'all_done' });
});

let length = 3;
export const resized = dag('resized', options, ({ task, map }) => {
  const list = task('list', async (ctx) => JSON.parse((await ctx.variable('numbers')) ?? '[]') as number[]);
  const each = map('each', list, (n) => n * 10);
  task('sum', { each }, ({ each }) => each);
});

export const limited = dag('limited', { ...options, params: z.object({ rows: z.unknown() }) }, ({ task, map, params }) => {
  map('long', task('list', () => Array.from({ length: 101 }, () => 0)), (n) => n);
  map('none', task('nothing', () => null as unknown as number[]), (n) => n);
  map('params', params.at('rows') as never, (n) => n);
});
`,
};

let windlass: WholeWindlass;
beforeAll(async () => {
  windlass = await startWholeWindlass(FILES, { maxMapLength: 100, variables: new Map() });
  await windlass.know('made', 'grouped', 'resized', 'limited');
});
afterAll(() => windlass.close());

it('a product, a map over its results, entries of an object, and a filled zip of changed lists', async () => {
  const run = await windlass.trigger('made');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.states(run)).toMatchObject({
    'rows[0]': 'success',
    'rows[1]': 'skipped',
    'rows[3]': 'success',
    'lengths[2]': 'success',
  });
  expect(await windlass.result(run, 'sum')).toEqual({ rows: ['01C 0/4', '02C 2/4', '02F 3/4'], lengths: [7, 7, 7] });
  expect(await windlass.result(run, 'both')).toEqual({
    entries: ['a2', 'b1'],
    more: [['string', 1], ['object', 2], ['object', 3], ['-', 4]], // biome-ignore format: a table
  });
  const labels = await windlass.sql<{ map_label: string }>(
    `select map_label from task_instance where dag_run_id = $1 and task_id = 'rows' and state = 'success' order by map_index`,
    [run],
  );
  expect(labels.map((row) => row.map_label)).toEqual(['in C', 'in C', 'in F']);
});

it('each index of a mapped group goes its own way through gates and branches, and the outside waits for all', async () => {
  const run = await windlass.trigger('grouped');
  await windlass.ended(run);
  expect(await windlass.states(run)).toMatchObject({
    'g.upper[0]': 'success',
    'g.same[0]': 'skipped',
    'g.end[0]': 'success',
    'g.same[1]': 'success',
    'g.end[1]': 'skipped',
    'g.seen[2]': 'failed',
    'g.pick[2]': 'upstream_failed',
    'g.end[2]': 'upstream_failed',
    all: 'success',
  });
  expect(await windlass.result(run, 'all')).toEqual(['A']);
});

it('a producer that runs again with a longer and a shorter list fits the map to it', async () => {
  const numbers = windlass.config.variables as Map<string, string>;
  numbers.set('numbers', '[1,2]');
  const run = await windlass.trigger('resized');
  expect(await windlass.ended(run)).toBe('success');
  for (const [text, sum, states] of [
    ['[1,2,3]', [10, 20, 30], ['success', 'success', 'success']],
    ['[1]', [10], ['success', 'removed', 'removed']],
    ['[1,7]', [10, 70], ['success', 'success', 'removed']],
  ] as const) {
    numbers.set('numbers', text);
    const rows = await windlass.sql<{ id: string }>('select task_instance_id as id from task_instance where dag_run_id = $1', [run]);
    await clearInstances(windlass.db, rows.map((row) => row.id), 'user:me'); // biome-ignore format: one line
    await setDagRunState(windlass.db, run, 'queued', null);
    windlass.changed('resized');
    expect(await windlass.ended(run)).toBe('success');
    expect(await windlass.result(run, 'sum')).toEqual(sum);
    const found = await windlass.states(run);
    expect([0, 1, 2].map((index) => found[`each[${index}]`])).toEqual(states);
  }
});

it('a list that is too long or none fails the task that made it, naming the setting', async () => {
  const run = await windlass.trigger('limited', { rows: 7 });
  expect(await windlass.ended(run)).toBe('failed');
  const rows = await windlass.sql<{ task_id: string; state: string; reason: string }>(
    'select task_id, state, reason from task_instance where dag_run_id = $1',
    [run],
  );
  const of = (taskId: string) => rows.find((row) => row.task_id === taskId);
  expect(of('list')).toMatchObject({
    state: 'failed',
    reason: expect.stringMatching(/101 elements; at most 100 are allowed.*WINDLASS_MAX_MAP_LENGTH/),
  });
  expect(of('long')).toMatchObject({ state: 'upstream_failed' });
  expect(of('nothing')).toMatchObject({ state: 'failed', reason: expect.stringContaining('must be a list but is null') });
  expect(of('params')).toMatchObject({ state: 'failed', reason: 'params maps over params.rows, which must be a list but is number' });
});
