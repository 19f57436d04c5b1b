/** Goal: a task gets the event it waits for, whether that comes before or after its wait begins. Method: a whole Windlass over DAG files. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { insertEvent } from '#platform/db/queries/waiting/insert-event.ts';
import { until } from '#test/support/until.ts';
import { openWhole, type Whole } from './whole.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

const FILE = `
import { dag, notYet } from 'windlass';
import { z } from 'zod';
const schema = z.object({ order: z.number() });
export const waits = dag('waits', { params: z.object({ order: z.number().default(1) }) }, ({ waitForEvent, task }) => {
  const paid = waitForEvent('paid', 'payment.settled', { schema, timeout: '1h', match: (event, ctx) => event.order === ctx.params.order });
  task('use', { paid }, ({ paid }) => paid.order);
});
export const late = dag('late', {}, ({ waitForEvent, sensor }) => {
  const first = sensor('first', (ctx) => ctx.variable('go').then((go) => go ?? notYet()), { every: 100 });
  waitForEvent('paid', 'early.bird', { schema, timeout: '1h', after: first });
});
export const never = dag('never', {}, ({ waitForEvent }) => {
  waitForEvent('soft', 'nobody', { schema, timeout: 100, softFail: true });
  waitForEvent('hard', 'nobody', { schema, timeout: 100, retries: 3 });
});
`;

let whole: Whole;
beforeAll(async () => {
  whole = await openWhole({ 'dags.ts': FILE }, ['waits', 'late', 'never']);
  await whole.triggerer();
});
afterAll(() => whole.close());

async function send(name: string, payload: unknown): Promise<void> {
  await whole.db.transaction('send', (tx) => insertEvent(tx, { name, payload, sender: 'test' }));
  whole.world.broker.ring('ui_events', { topics: [`event:${name}`] });
}

it('takes the first event that fits and matches, and passes over the others', async () => {
  const one = await whole.start('waits', { order: 1 });
  const two = await whole.start('waits', { order: 2 });
  await Promise.all([whole.reaches(one, 'paid', 'deferred'), whole.reaches(two, 'paid', 'deferred')]);
  await send('payment.settled', { odrer: 'typo' });
  await send('payment.settled', { order: 2 });
  await send('payment.settled', { order: 1 });
  await Promise.all([whole.ends(one, 'success'), whole.ends(two, 'success')]);
  expect([await whole.result(one, 'use'), await whole.result(two, 'use')]).toEqual([1, 2]);
});

it('sees an event that came before its wait began, when the run was there already; not an older one', async () => {
  await send('early.bird', { order: 1 });
  const run = await whole.start('late');
  await whole.reaches(run, 'first', 'up_for_reschedule');
  await send('early.bird', { order: 2 });
  expect((await whole.states(run))['paid']).toBe('none');
  const { envelope } = await import('#platform/secrets/envelope.ts').then(({ openEnvelope }) => ({
    envelope: openEnvelope(whole.config.secretKey),
  }));
  await whole.sql('insert into variable (key, value) values ($1, $2)', [
    'go',
    envelope.seal({ table: 'variable', id: 'go', column: 'value' }, 'yes'),
  ]);
  await whole.ends(run, 'success');
  expect(await whole.result(run, 'paid')).toEqual({ order: 2 });
});

it('gives up when its time is over, for good', async () => {
  const run = await whole.start('never');
  await whole.ends(run, 'failed');
  expect(await whole.states(run)).toEqual({ soft: 'skipped', hard: 'failed' });
  await until(async () => (await whole.sql('select 1 from waiter')).length === 0, { what: 'no waiter is left' });
});
