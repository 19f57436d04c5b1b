import { dag, defineNotifier, onAssets } from 'windlass';
import { z } from 'zod';
import salesEtl, { ordersTable } from './ex1.ts';

const Payment = z.object({ orderId: z.string(), amount: z.number() });

const page = defineNotifier<{ channel: string }>({ name: 'page', send: () => {} });

export default dag(
  'monthly_payout',
  {
    schedule: onAssets.all(ordersTable),
    params: z.object({ dryRun: z.boolean().default(true), regions: z.array(z.string()) }),
    deadline: { within: '4h', notify: page({ channel: '#finance' }) },
  },
  ({ params, task, trigger, waitForEvent, approval, mapGroup, chain, gate }) => {
    const refreshed = trigger('refresh_orders', salesEtl, { params: { region: 'us' }, wait: true }); // Ref<number>: that DAG's own output
    const paid = waitForEvent('wait_payment', 'payment.settled', {
      schema: Payment,
      timeout: '2d',
      match: (e, ctx) => e.amount > 0 && !ctx.params.dryRun,
    });

    const totals = mapGroup('per_region', params.at('regions'), (region, b) => {
      const rows = b.task('read', { region }, async ({ region }) => [{ region, cents: 100 }]);
      return b.task('sum', { rows }, ({ rows }) => rows.reduce((n, r) => n + r.cents, 0));
    }); // Ref<number[]>

    const ok = approval(
      'sign_off',
      { totals, dropped: refreshed },
      {
        subject: (i) => `Pay out ${i.totals.length} regions? (${i.dropped} rows were dropped)`,
        options: ['pay', 'hold'],
        form: z.object({ note: z.string(), cap: z.number() }),
        timeout: '1d',
        fallback: 'hold',
      },
    ); // Ref<{ choice: "pay" | "hold", form: {note, cap}, ... }>

    const go = gate('approved', { ok }, ({ ok }) => ok.choice === 'pay');
    const pay = task(
      'pay',
      { totals, cap: ok.at('form').at('cap'), paid },
      async ({ totals, cap, paid }, ctx) => {
        ctx.log.info(`capped at ${cap}, key ${ctx.idempotencyKey}`);
        return {
          orderId: paid.orderId,
          sum: Math.min(
            cap,
            totals.reduce((a, b) => a + b, 0),
          ),
        };
      },
      { triggerRule: 'none_failed', retries: 5 },
    );
    const close = task('close_books', async () => 'closed');
    chain(go, pay, close);
    return pay;
  },
);
