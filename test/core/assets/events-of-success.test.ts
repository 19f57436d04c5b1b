/** Goal: one success makes one event of each asset and partition, of the task's own outlets only. */
import { expect, it } from 'vitest';
import { eventsOfSuccess } from '#core/assets/events-of-success.ts';

const orders = { asset: { name: 'orders', uri: 's3://x/orders' } };
const plain = { name: 'orders', uri: 's3://x/orders', group: null, aliases: [], partitionKey: null };

it('makes an event of every outlet, whether the body said anything or not', () => {
  expect(eventsOfSuccess([orders], [])).toEqual([{ ...plain, extra: {} }]);
  expect(
    eventsOfSuccess(
      [orders],
      [
        { name: 'orders', extra: { rows: 1 } },
        { name: 'orders', extra: { rows: 2 } },
      ],
    ),
  ).toEqual([{ ...plain, extra: { rows: 2 } }]);
});

it('makes one for each partition the body named', () => {
  const said = ['us', 'eu', 'us'].map((partitionKey) => ({ name: 'orders', extra: {}, partitionKey }));
  expect(eventsOfSuccess([orders], said).map((event) => event.partitionKey)).toEqual(['us', 'eu']);
});

it('makes those of an alias only as they were found, once for all aliases that led to an asset', () => {
  const found = (alias: string) => ({ alias, name: 'new', uri: 's3://x/new', extra: { alias } });
  expect(eventsOfSuccess([{ alias: 'daily' }], [])).toEqual([]);
  expect(eventsOfSuccess([{ alias: 'daily' }, { alias: 'all' }], [found('daily'), found('all'), found('other')])).toEqual([
    { name: 'new', uri: 's3://x/new', group: null, extra: { alias: 'all' }, aliases: ['daily', 'all'], partitionKey: null },
  ]);
});

it('leaves out what was said of assets that are no outlets', () => {
  expect(eventsOfSuccess([orders], [{ name: 'secrets', extra: {} }])).toEqual([{ ...plain, extra: {} }]);
});
