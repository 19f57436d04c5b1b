// Goal: authors test tasks and whole DAGs in their own test runner, with nothing started. Method: the public entry.
import { describe, expect, it } from 'vitest';
import { type AnyDag, graphOf, matchers, testDag, testTask } from 'windlass/testing';
import { z } from 'zod';
import { dag, Fatal, Skip } from '#sdk/index.ts';

expect.extend(matchers);
const matching = (made: AnyDag) => expect(made) as unknown as { toMatchGraph(text: string): void };

interface Order {
  id: string;
  total: number;
}

let failures = 0;
const sales = dag(
  'sales',
  { params: z.object({ limit: z.number().default(10) }), defaultArgs: { retries: 1, retryDelay: '1h' } },
  ({ task, map, branch }) => {
    const orders = task('extract', async (ctx) =>
      (await ctx.conn<{ orders(n: number): Promise<Order[]> }>('shop')).orders(ctx.params.limit),
    );
    const clean = task('clean', { orders }, ({ orders }) => {
      const kept = orders.filter((order) => order.total > 0);
      if (kept.length === 0) throw new Fatal('nothing left');
      return kept;
    });
    const each = map('count', clean, (order) => order.total * 2);
    const route = branch('route', { each }, ({ each }) => (each.length > 1 ? 'bulk' : 'fast'), {
      bulk: (b) => b.task('copy', { each }, ({ each }) => each.reduce((a, n) => a + n, 0)),
      fast: (b) => b.task('stream', () => 0),
    });
    task('report', { route }, async ({ route }, ctx) => `${await ctx.variable('title')}: ${route}`);
    task('flaky', () => {
      failures += 1;
      if (failures === 1) throw new Error('the first time');
      return 'ok';
    });
  },
);
const order = (id: string, total: number): Order => ({ id, total });
const shop = { orders: async (n: number) => [order('a', n), order('b', 0), order('c', 1)] };

describe('testTask', () => {
  it('runs one body with the inputs and fakes that the test gives', async () => {
    expect(await testTask(sales, 'clean', { input: { orders: [order('a', 1), order('b', 0)] } })).toEqual([order('a', 1)]);
    expect(await testTask(sales, 'extract', { connections: { shop }, params: { limit: 7 } })).toHaveLength(3);
    expect(await testTask(sales, 'count', { item: order('a', 4) })).toBe(8);
  });

  it('fails with the error of the body itself', async () => {
    const error = await testTask(sales, 'clean', { input: { orders: [] } }).fails(Fatal);
    expect(error).toBeInstanceOf(Fatal);
    await expect(testTask(sales, 'clean', { input: { orders: [] } })).rejects.toThrow('nothing left');
    await expect(testTask(sales, 'clean', { input: { orders: [order('a', 1)] } }).fails()).rejects.toThrow(/was to fail, but returned/);
    await expect(testTask(sales, 'clean', { input: { orders: [] } }).fails(Skip)).rejects.toThrow(/otherwise than expected: Fatal/);
  });

  it('names what is missing', async () => {
    await testTask(sales, 'extract').fails(/The test gives no connection "shop"/);
    await expect(testTask(sales, 'nowhere')).rejects.toThrow(/has no task "nowhere". It has: extract, clean/);
  });
});

describe('testDag', () => {
  it('runs the whole DAG by the rules of the scheduler, and waits take no time', async () => {
    const run = await testDag(sales, { params: { limit: 5 }, connections: { shop }, variables: { title: 'Sum' } });
    expect([run.state, run.reason]).toEqual(['success', null]);
    expect(run.task('count').output).toEqual([10, 2]);
    expect(run.task('report').output).toBe('Sum: 12');
    expect(run.task('stream').state).toBe('skipped');
    expect(run.task('flaky')).toMatchObject({ state: 'success', tryNumber: 2, output: 'ok' });
  });

  it('takes results and functions in place of bodies', async () => {
    const run = await testDag(sales, {
      mock: { extract: [order('a', 3)], report: (input: { route: number }) => input.route + 1, flaky: 'fine' },
    });
    expect(run.state).toBe('success');
    expect(run.task('report').output).toBe(1);
    expect(run.task('copy').state).toBe('skipped');
    await expect(testDag(sales, { mock: { nowhere: 1 } })).rejects.toThrow(/is for no task/);
  });

  it('says why a run failed, and checks params', async () => {
    const run = await testDag(sales, { mock: { extract: [], flaky: 1 } });
    expect(run.state).toBe('failed');
    expect(run.task('clean')).toMatchObject({ state: 'failed', reason: expect.stringContaining('nothing left') });
    await expect(testDag(sales, { params: { limit: 'many' } })).rejects.toThrow(/limit/);
  });
});

describe('toMatchGraph', () => {
  it('compares edges, written as chains', () => {
    matching(sales).toMatchGraph(`
      extract > clean > count > route, copy
      route > copy, stream > report
      flaky`);
    expect(() => matching(sales).toMatchGraph('extract > clean')).toThrow(/not expected:\n {2}clean > count/);
    expect(graphOf(dag('one', {}, ({ task }) => void task('a', () => 1)))).toEqual(['a']);
  });
});
