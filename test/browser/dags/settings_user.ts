import { dag } from 'windlass';

/** What a task gets of the things that people set on the pages. */
export default dag('settings_user', { isPausedUponCreation: false }, ({ task }) => {
  task(
    'ask',
    async (ctx) => {
      const orders = await ctx.conn('orders_db');
      const profiled = await ctx.conn('mysql');
      return {
        host: orders.host,
        port: orders.port,
        passwordIsRight: orders.password === 'tall/ship@42',
        profiled: profiled.host,
        region: await ctx.variable('region'),
      };
    },
    { pool: 'tiny' },
  );
});
