/** Goal: the backfill form sends what it shows, and says what is wrong instead of sending it. */
import { expect, test } from 'vitest';
import { firstEntries, readEntries } from '../../webserver/ui/src/backfill/backfill-form.ts';

const first = firstEntries(new Date(2026, 5, 10, 14, 30), []);

test('it begins with the last week up to now', () => {
  expect(first).toEqual({ from: '2026-06-03T00:00', to: '2026-06-10T14:30', runBackwards: false, maxActiveRuns: '10', reprocess: 'none' });
  expect(readEntries('etl', first, { limit: 1 })).toEqual({
    body: {
      dag_id: 'etl',
      from_date: new Date(2026, 5, 3).toISOString(),
      to_date: new Date(2026, 5, 10, 14, 30).toISOString(),
      run_backwards: false,
      max_active_runs: 10,
      reprocess_behavior: 'none',
      dag_run_conf: { limit: 1 },
    },
    errors: {},
  });
});

test('it begins with three months for a monthly schedule, and with a week for an hourly one', () => {
  const now = new Date(2026, 5, 10, 14, 30);
  expect(firstEntries(now, ['2026-07-01T00:00:00Z', '2026-08-01T00:00:00Z']).from).toBe('2026-03-09T00:00');
  expect(firstEntries(now, ['2026-06-10T15:00:00Z', '2026-06-10T16:00:00Z']).from).toBe('2026-06-03T00:00');
});

test.each([
  [{ from: '' }, 'from'],
  [{ to: '' }, 'to'],
  [{ to: '2026-06-01T00:00' }, 'to'],
  [{ maxActiveRuns: '0' }, 'maxActiveRuns'],
  [{ maxActiveRuns: '1001' }, 'maxActiveRuns'],
  [{ maxActiveRuns: '' }, 'maxActiveRuns'],
] as const)('%j sends nothing and names the field', (change, field) => {
  const { body, errors } = readEntries('etl', { ...first, ...change }, {});
  expect([body, Object.keys(errors)]).toEqual([null, [field]]);
});

test('params that are wrong send nothing', () => {
  expect(readEntries('etl', first, null).body).toBeNull();
});
