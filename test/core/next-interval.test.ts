/** Goal: an attempt is told when the next run's interval ends, which is what `latestOnly` goes by. */
import { describe, expect, it } from 'vitest';
import type { DagSpec, ScheduleSpec } from '#core/dag-spec.ts';
import { type IntervalOfRun, nextIntervalEnd } from '#core/timetable/next-interval.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

function nextOf(schedule: ScheduleSpec, run: Partial<IntervalOfRun> = {}, change: Partial<DagSpec> = {}): string | null {
  const spec = aDagSpec('d', [aTask('t')], { schedule, ...change });
  return nextIntervalEnd(spec, { runType: 'scheduled', dataIntervalEnd: new Date('2026-03-10T06:00:00Z'), ...run });
}
const DAILY = { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' } as const;

describe('the end of the next interval', () => {
  it.each([
    ['of a cron', DAILY, {}, {}, '2026-03-11T06:00:00.000Z'],
    ['of a delta', { kind: 'delta', everyMs: 3_600_000 }, {}, {}, '2026-03-10T07:00:00.000Z'],
    ['after the last event', { kind: 'events', instants: ['2026-03-10T06:00:00.000Z'] }, {}, {}, null],
    ['after the end date', DAILY, {}, { endDate: '2026-03-10T23:00:00Z' }, null],
    ['of a run by hand', DAILY, { runType: 'manual' }, {}, null],
    ['without a schedule', { kind: 'none' }, {}, {}, null],
    ['of a plugin', { kind: 'custom', name: 'x', args: null }, {}, {}, null],
  ] as const)('%s', (_, schedule, claim, change, expected) => {
    expect(nextOf(schedule, claim, change)).toBe(expected);
  });
});
