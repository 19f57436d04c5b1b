import { dag } from 'windlass';
import { connectPostgres } from 'windlass/providers/postgres';
import { lakeDestination, postgresDestination, postgresSource, restSource, sync } from 'windlass/providers/sync';
import { z } from 'zod';

const FILL = `create schema if not exists shop;
  create table if not exists shop.customers (id int primary key, name text not null, updated_at timestamptz not null);
  create table if not exists shop.orders (id int primary key, customer_id int not null, cents int not null);
  insert into shop.customers select n, 'customer ' || n, '2026-11-01'::timestamptz + n * interval '1 hour' from generate_series(1, 240) n on conflict do nothing;
  insert into shop.orders select n, 1 + n % 240, n * 7 % 9000 from generate_series(1, 1200) n on conflict do nothing;`;

const from = (table: string, cursor: string) => postgresSource({ connection: 'warehouse', schema: 'shop', table, cursor, pageRows: 500 });

export default dag('shop_copy', { isPausedUponCreation: false, params: z.object({ lake: z.string() }) }, ({ chain, task }) => {
  const fill = task('fill', async (ctx) => {
    await using warehouse = await connectPostgres(ctx, 'warehouse');
    await warehouse.client.query(FILL);
  });
  const customers = task(
    'customers',
    sync('customers', {
      from: from('customers', 'updated_at'),
      to: postgresDestination({ connection: 'warehouse', schema: 'copy', table: 'customers', key: ['id'] }),
      deletes: 'compare',
    }),
  );
  const orders = task('orders', (ctx) =>
    sync('orders', { from: from('orders', 'id'), to: lakeDestination({ folder: ctx.params.lake }) })(ctx),
  );
  const rates = task(
    'rates',
    sync('exchange_rates', {
      from: restSource({ url: 'http://127.0.0.1:9/rates', types: { currency: 'text', rate: 'float64' } }),
      to: postgresDestination({ connection: 'warehouse', schema: 'copy', table: 'rates' }),
    }),
  );
  chain(fill, [customers, orders, rates]);
});
