/** Goal: what tasks hand on and keep, from a DAG file through scheduler, queue and caged workers. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { clearInstances } from '#platform/db/queries/api/move-instances.ts';
import { setDagRunState } from '#platform/db/queries/api/set-dag-run-state.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = {
  'data.ts': `
import { dag } from 'windlass';
import { z } from 'zod';
const options = { isPausedUponCreation: false };

export const pulls = dag('pulls', options, ({ task, map, chain }) => {
  const a = task('a', async (ctx) => { await ctx.xcom.push('n', 1); return 'A ' + ctx.run.id; });
  const m = map('m', ['x', 'y', 'z'], async (item, ctx) => { await ctx.xcom.push('up', item.toUpperCase()); return item; });
  const all = task('all', async (ctx) => ({
    one: await ctx.xcom.pull('a', 'n'),
    several: await ctx.xcom.pull(['a', 'nothing_here', 'm'], { key: 'n', default: 0 }).catch((e) => e.message),
    listed: await ctx.xcom.pull(['a', 'm'], { key: 'up', default: 'none' }),
    mapped: await ctx.xcom.pull('m'),
    index: await ctx.xcom.pull('m', { key: 'up', mapIndexes: 1 }),
    indexes: await ctx.xcom.pull('m', { mapIndexes: [2, 0] }),
    absent: await ctx.xcom.pull('a', { key: 'missing', default: 'fallback' }),
    wrong: await ctx.xcom.pull('a', { kye: 'n' } as never).catch((e) => e.message),
    template: await ctx.template("{{ ti.xcom_pull('m', key='up', map_indexes=2) }} {{ ti.xcom_pull('a', key='n') }}"),
  }));
  chain([a, m], all);
});

export const elsewhere = dag('elsewhere', { ...options, params: z.object({ run: z.string().default('') }) }, ({ task, chain }) => {
  const look = task('look', async (ctx) => ({
    other: await ctx.xcom.pull('a', { dagId: 'pulls', runId: ctx.params.run }),
    sameId: await ctx.xcom.pull('a', { dagId: 'pulls', default: 'no run of this id' }),
    before: await ctx.xcom.pull('keep', { includePriorDates: true, default: 'none before' }),
    own: await ctx.xcom.pull('keep', { default: 'none here' }),
  }));
  chain(look, task('keep', (ctx) => 'kept on ' + ctx.run.logicalDate.toISOString().slice(0, 10)));
});

export const tries = dag('tries', options, ({ task }) => {
  task('counts', async (ctx) => {
    const tries = ((await ctx.state.get<number>('tries')) ?? 0) + 1;
    await ctx.state.set('tries', tries);
    await ctx.state.set('when', new Date(0));
    if (ctx.task.attempt === 1) { await ctx.xcom.push('first', 'of the first try'); throw new Error('again'); }
    const when = await ctx.state.get<Date>('when');
    await ctx.state.delete('when');
    return { tries, when: when?.getTime(), gone: (await ctx.state.get('when')) === undefined };
  }, { retries: 1, retryDelay: 1 });
});

export const own = dag('own', { ...options, params: z.object({ zone: z.string().default('eu'), area: z.int().default(1) }) }, ({ task }) => {
  task('plain', (ctx) => ctx.params);
  task('changed', (ctx) => ctx.params, { params: { area: 5, extra: true } });
});
`,
};

let windlass: WholeWindlass;
beforeAll(async () => {
  windlass = await startWholeWindlass(FILES);
  await windlass.know('pulls', 'elsewhere', 'tries', 'own');
});
afterAll(() => windlass.close());

it('pulls of several tasks, of some indexes, with defaults, and in templates', async () => {
  const run = await windlass.trigger('pulls');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'all')).toEqual({
    one: 1,
    several: 'This DAG has no task "nothing_here" to pull from.',
    listed: ['none', ['X', 'Y', 'Z']],
    mapped: ['x', 'y', 'z'],
    index: 'Y',
    indexes: ['x', 'z'],
    absent: 'fallback',
    wrong: 'Unknown option "kye" of ctx.xcom.pull. Did you mean "key"?',
    template: 'Z 1',
  });
});

it('pulls of another DAG, of a named run, and of the runs before', async () => {
  const other = await windlass.trigger('pulls');
  await windlass.ended(other);
  const first = await windlass.trigger('elsewhere', { run: `manual__${other}` });
  await windlass.ended(first);
  expect(await windlass.result(first, 'look')).toMatchObject({
    other: `A manual__${other}`,
    sameId: 'no run of this id',
    own: 'none here',
  });
  await windlass.sql(`update dag_run set logical_date = '2026-01-01' where dag_run_id = $1`, [first]);
  const second = await windlass.trigger('elsewhere');
  await windlass.sql(`update dag_run set logical_date = '2026-01-02' where dag_run_id = $1`, [second]);
  await windlass.ended(second);
  const again = await windlass.sql<{ id: string }>(`select task_instance_id as id from task_instance where dag_run_id = $1`, [second]);
  await clearInstances(windlass.db, again.map((row) => row.id), 'user:me'); // biome-ignore format: one line
  await windlass.sql(`delete from xcom x using task_instance ti where ti.task_instance_id = x.task_instance_id and ti.dag_run_id = $1`, [
    second,
  ]);
  await setDagRunState(windlass.db, second, 'queued', null);
  windlass.changed('elsewhere');
  await windlass.ended(second);
  expect(await windlass.result(second, 'look')).toMatchObject({ before: expect.stringMatching(/^kept on /) });
});

it('a new try starts without the XComs of the one before, but with its state, which a clear forgets', async () => {
  const run = await windlass.trigger('tries');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'counts')).toEqual({ tries: 2, when: 0, gone: true });
  const keys = await windlass.sql<{ key: string }>(
    'select key from xcom join task_instance using (task_instance_id) where dag_run_id = $1',
    [run],
  );
  expect(keys).toEqual([{ key: 'return_value' }]);
  const [instance] = await windlass.sql<{ id: string }>('select task_instance_id as id from task_instance where dag_run_id = $1', [run]);
  await clearInstances(windlass.db, [instance?.id as string], 'user:me');
  expect(await windlass.sql('select 1 from task_state where task_instance_id = $1', [instance?.id])).toEqual([]);
  await setDagRunState(windlass.db, run, 'queued', null);
});

it("a task's own params lie over the DAG's and under what the run was given", async () => {
  const run = await windlass.trigger('own');
  await windlass.ended(run);
  expect(await windlass.result(run, 'plain')).toEqual({ zone: 'eu', area: 1 });
  expect(await windlass.result(run, 'changed')).toEqual({ zone: 'eu', area: 5, extra: true });
  const given = await windlass.trigger('own', { area: 9 });
  await windlass.ended(given);
  expect(await windlass.result(given, 'changed')).toEqual({ zone: 'eu', area: 9, extra: true });
});

it('params keep the order of their author, which jsonb does not', async () => {
  const [row] = await windlass.sql<{ order: string[] }>(`select spec -> 'paramsOrder' as order from dag_version where dag_id = 'own'`);
  expect(row?.order).toEqual(['zone', 'area']);
});
