/** Goal: a partitioned cron schedule names the partition of each run by the wall time of its tick, or of one beside it. */
import { expect, it } from 'vitest';
import { partitionOfTick } from '#core/timetable/partition-of-tick.ts';

const schedule = (offsetTicks: number, format = '%Y-%m-%d') =>
  ({ kind: 'cron', expression: '0 0 * * *', timezone: 'Europe/Berlin', partition: { format, offsetTicks } }) as const;
const TICK = Date.parse('2026-03-29T22:00:00Z');

it('is the day of the tick, in the zone of the schedule', () => {
  expect(partitionOfTick(schedule(0), TICK)).toEqual({ key: '2026-03-30', dateMs: TICK });
});

it('may be some ticks before or after, through a switch of clocks as well', () => {
  expect(partitionOfTick(schedule(-1), TICK)).toEqual({ key: '2026-03-29', dateMs: Date.parse('2026-03-28T23:00:00Z') });
  expect(partitionOfTick(schedule(2, '%d.%m.%Y'), TICK)?.key).toBe('01.04.2026');
});

it('is none for a schedule without partitions', () => {
  expect(partitionOfTick({ kind: 'once' }, TICK)).toBeNull();
});
