import { asset, cronPartition, dag, onAssets, startOf } from 'windlass';

const orders = asset({ name: 'orders', uri: 's3://lake/orders', group: 'sales' });
const rates = asset({ name: 'rates', uri: 's3://lake/rates' });
const clicks = asset({ name: 'clicks', uri: 's3://lake/clicks' });

export const etl = dag('shop_etl', { isPausedUponCreation: false }, ({ task }) =>
  task(
    'load',
    (ctx) => {
      ctx.outlets.get(orders).extra['rows'] = 1200;
    },
    { outlets: [orders] },
  ),
);

export const report = dag('shop_report', { schedule: onAssets([orders, rates]), isPausedUponCreation: false }, ({ task }) =>
  task('write', (ctx) => ctx.triggeringAssetEvents['orders']?.[0]?.extra['rows']),
);

export const log = dag(
  'click_log',
  { schedule: cronPartition('0 * * * *'), runImmediately: true, isPausedUponCreation: false },
  ({ task }) => task('log', () => 1, { outlets: [clicks] }),
);

export const day = dag(
  'click_day',
  { schedule: onAssets(clicks, { partition: startOf('day') }), isPausedUponCreation: false },
  ({ task }) => task('sum', (ctx) => ctx.partitionKey),
);
