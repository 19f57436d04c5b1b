/** Goal: a key maps to the start of its period, in every form keys have; a mapper leaves out what it does not know. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfTick, mapKey, type PartitionMapper, PERIODS, wallOf } from '#core/assets/partition.ts';

const startOf = (period: (typeof PERIODS)[number], timezone = 'UTC'): PartitionMapper => ({ kind: 'start_of', period, timezone });

describe('a mapper', () => {
  it.each([
    ['hour', '2026-03-10T09'],
    ['day', '2026-03-10'],
    ['week', '2026-03-09 (W11)'],
    ['month', '2026-03'],
    ['quarter', '2026-Q1'],
    ['year', '2026'],
  ] as const)('writes the start of the %s', (period, wanted) => {
    expect(mapKey(startOf(period), '2026-03-10T09:30:00')).toBe(wanted);
  });

  it('reads a key with an offset in its own zone', () => {
    expect(mapKey(startOf('day', 'Europe/Berlin'), '2026-03-10T23:30:00Z')).toBe('2026-03-11');
    expect(mapKey(startOf('day'), '2026-03-10T23:30:00-02:00')).toBe('2026-03-11');
  });

  it('has nothing for what is no time, or not allowed', () => {
    expect(mapKey(startOf('day'), 'us')).toBeNull();
    expect(mapKey(startOf('day'), '2026-02-30')).toBeNull();
    expect(mapKey({ kind: 'allowed', keys: ['us', 'eu'] }, 'asia')).toBeNull();
    expect(mapKey({ kind: 'allowed', keys: ['us', 'eu'] }, 'eu')).toBe('eu');
  });

  it('maps the parts of a composed key, and one after the other', () => {
    const product: PartitionMapper = { kind: 'product', delimiter: '|', mappers: [{ kind: 'identity' }, startOf('day')] };
    expect(mapKey(product, 'us|2026-03-10T09:30:00')).toBe('us|2026-03-10');
    expect(mapKey(product, '2026-03-10T09:30:00')).toBeNull();
    expect(mapKey({ kind: 'chain', mappers: [startOf('week'), startOf('month')] }, '2026-03-01T00:00:00')).toBe('2026-02');
  });

  it('knows the week of the year by its Thursday', () => {
    expect(mapKey(startOf('week'), '2027-01-01')).toBe('2026-12-28 (W53)');
    expect(mapKey(startOf('week'), '2025-12-29')).toBe('2025-12-29 (W01)');
  });

  it('maps the start of a period to itself', () => {
    const instants = fc.integer({ min: Date.parse('1990-01-01'), max: Date.parse('2090-01-01') });
    fc.assert(
      fc.property(instants, fc.constantFrom(...PERIODS), (ms, period) => {
        const key = mapKey(startOf(period), new Date(ms).toISOString()) as string;
        expect(mapKey(startOf(period), key)).toBe(key);
        expect(wallOf(key, 'UTC')).toBeLessThanOrEqual(ms);
      }),
    );
  });
});

it('the key of a tick is its wall time in the zone', () => {
  expect(keyOfTick(Date.parse('2026-06-30T22:00:00Z'), 'Europe/Berlin', '%Y-%m-%d')).toBe('2026-07-01');
  expect(keyOfTick(Date.parse('2026-06-30T22:00:00Z'), 'UTC', '%Y%m%dT%H:%M:%S')).toBe('20260630T22:00:00');
});
