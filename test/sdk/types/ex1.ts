import { asset, cron, dag, defineTask, Fatal } from 'windlass';
import { z } from 'zod';

interface Order {
  id: string;
  country: string;
  total: number;
}
declare const api: { orders(q: { region: string; from: Date; to: Date; limit: number; signal: AbortSignal }): Promise<Order[]> };
declare const sql: (conn: unknown) => {
  insert(t: string, r: unknown[], o: { key: string }): Promise<number>;
  run(s: string): Promise<void>;
};

export const ordersTable = asset('postgres://warehouse/orders', { group: 'sales', freshness: '26h' });

export const notify = defineTask({
  input: z.object({ channel: z.string(), text: z.string() }),
  retries: 3,
  run: async ({ channel, text }, ctx) => {
    ctx.log.info(`-> ${channel}: ${text}`);
    return { sent: true };
  },
});

export default dag(
  'sales_etl',
  {
    schedule: cron('0 6 * * *', { tz: 'Europe/Berlin' }),
    params: z.object({
      region: z.enum(['eu', 'us']).default('eu'),
      limit: z.number().int().max(10_000).default(500),
    }),
    maxActiveRuns: 1,
    defaultArgs: { retries: 2, retryDelay: '30s', retryExponentialBackoff: 2 },
  },
  ({ task }) => {
    const orders = task(
      'extract',
      async (ctx) => {
        const { start, end } = ctx.run.interval;
        return api.orders({ region: ctx.params.region, limit: ctx.params.limit, from: start, to: end, signal: ctx.signal });
      },
      { executionTimeout: '10m', checks: { 'some rows': (rows) => rows.length > 0 || 'empty extract' } },
    );

    const clean = task('clean', { orders }, ({ orders }) => {
      // orders: Order[]
      const kept = orders.filter((o) => o.total > 0);
      if (kept.length === 0) throw new Fatal('nothing left: no retry will help');
      return { rows: kept, dropped: orders.length - kept.length };
    });

    const loaded = task(
      'load',
      { rows: clean.at('rows'), table: 'orders' },
      async ({ rows, table }, ctx) => sql(await ctx.conn('warehouse')).insert(table, rows, { key: 'id' }),
      { pool: 'warehouse', outlets: [ordersTable] },
    );

    const vacuum = task('vacuum', async (ctx) => sql(await ctx.conn('warehouse')).run('vacuum analyze orders'), { after: loaded });

    task('tell_team', { channel: '#sales', text: 'orders are in' }, notify).after(vacuum);
    return clean.at('dropped');
  },
);
