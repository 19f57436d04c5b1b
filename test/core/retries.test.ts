/** Goal: waits between tries are Airflow's, to the second: numbers below were computed with its formula in Python. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryDelayMs, retryKeyText } from '#core/retries.ts';

const DAY = 86_400_000;
const hashOf = (text: string) => BigInt(`0x${createHash('sha1').update(text).digest('hex')}`);
const key = { dagId: 'etl', taskId: 'load', logicalDate: new Date('2026-01-31T00:00:00Z'), runId: 'r', mapIndex: -1, tryNumber: 3 };
const rule = (retryExponentialBackoff: number, retryDelay = 300_000, maxRetryDelayMs: number | null = null) => ({
  retryDelayMs: retryDelay,
  retryExponentialBackoff,
  maxRetryDelayMs,
});

it('hashes the key as Airflow does', () => {
  expect(retryKeyText(key)).toBe('etl#load#2026-01-31 00:00:00+00:00#3');
  expect(retryKeyText({ ...key, logicalDate: new Date('2026-01-31T06:07:08.250Z') })).toBe('etl#load#2026-01-31 06:07:08.250000+00:00#3');
  expect(retryKeyText({ ...key, logicalDate: null, mapIndex: 7 })).toBe('etl#load#r#3#7');
});

it('waits the delay without a backoff, however long that is', () => {
  expect(retryDelayMs(rule(1, 3 * DAY), { tryNumber: 9, hash: 5n, maxDelayMs: DAY })).toBe(3 * DAY);
});

it('grows by the factor, with the hash of the try as jitter', () => {
  const hash = hashOf(retryKeyText(key));
  const min = 300 * 2 ** 2;
  const expected = (min + Number(hash % BigInt(min))) * 1_000;
  expect(retryDelayMs(rule(2), { tryNumber: 3, hash, maxDelayMs: DAY })).toBe(expected);
  expect(retryDelayMs(rule(1.5, 1_000), { tryNumber: 2, hash: 5n, maxDelayMs: DAY })).toBe((2 + 1) * 1_000);
  expect(retryDelayMs(rule(2, 0), { tryNumber: 5, hash: 5n, maxDelayMs: DAY })).toBe(1_000);
  expect(retryDelayMs(rule(10, 0), { tryNumber: 400, hash: 5n, maxDelayMs: DAY })).toBe(1_000);
});

it('never waits less than the minimum, twice as long or more, or beyond a cap', () => {
  const any = fc.record({
    delay: fc.integer({ min: 0, max: 4_000_000 }),
    factor: fc.constantFrom(0.5, 1.1, 2, 3, 10),
    tryNumber: fc.integer({ min: 1, max: 500 }),
    hash: fc.bigInt({ min: 0n, max: 2n ** 160n }),
    max: fc.option(fc.integer({ min: 1_000, max: 10_000_000 })),
  });
  fc.assert(
    fc.property(any, ({ delay, factor, tryNumber, hash, max }) => {
      const grown = delay === 0 ? 0 : (delay / 1_000) * factor ** (tryNumber - 1);
      const min = Math.max(1, Math.ceil(grown)) * 1_000;
      const cap = Math.min(max ?? DAY, DAY);
      const wait = retryDelayMs(rule(factor, delay, max), { tryNumber, hash, maxDelayMs: DAY });
      expect(wait).toBeLessThanOrEqual(cap);
      expect(wait).toBeGreaterThanOrEqual(Math.min(min, cap));
      expect(wait).toBeLessThan(Math.max(2 * min, cap + 1));
    }),
  );
});
