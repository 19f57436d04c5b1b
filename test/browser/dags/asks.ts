import { dag } from 'windlass';
import { z } from 'zod';

export default dag(
  'payout',
  {
    isPausedUponCreation: false,
    onFailureCallback: [
      function tellFinance() {
        throw new Error('the pager is off');
      },
    ],
    deadline: { name: 'books closed', within: '1s' },
  },
  ({ approval, task }) => {
    const totals = task('totals', () => ({ regions: 14, cents: 1_234_500 }));
    const ok = approval(
      'sign_off',
      { totals },
      {
        subject: ({ totals }) => `Pay out ${totals.regions} regions, ${totals.cents / 100} EUR in all?`,
        body: 'The totals of **all regions** are in. `north` is 4 % above last month:\n\n- 13 regions as usual\n- 1 region checked by hand\n\nPaying cannot be undone.',
        options: ['Pay', 'Hold', 'Ask finance'],
        rejects: ['Hold', 'Ask finance'],
        form: z.object({
          cap: z.number().int().min(1).describe('Highest amount for one region, in EUR'),
          note: z.string().default('').describe('Shown in the ledger'),
          notifyRegions: z.boolean().default(true),
        }),
        timeout: '2d',
        fallback: 'Hold',
      },
    );
    task('pay', { ok }, ({ ok }, ctx) => {
      ctx.log.info(`capped at ${ok.form.cap}`);
      throw new Error('the bank is closed');
    });
  },
);
