/** Goal: a tick is never lost, doubled or out of order, whatever the zone's clocks do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CronSchedule } from '#core/timetable/cron.ts';
import { ticksOf } from '#core/timetable/ticks.ts';
import { nextRun, type TimetableQuestion, upcomingTicks } from '#core/timetable/timetable.ts';

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const at = (text: string) => Date.parse(text);

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Apia',
  'Africa/Casablanca',
];
const PATTERNS = [
  '0 6 * * *',
  '30 2 * * *',
  '0 * * * *',
  '*/15 * * * *',
  '0 0 * * 1',
  '15 10 1 * *',
  '0 */6 * * *',
  '30 1,2,3 * * *',
  '0 0 29 2 *',
];

/** Some switches of these zones' clocks, a skipped day among them. */
const SWITCHES = [
  '2011-12-30T10:00:00Z',
  '2026-02-15T02:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-03-22T02:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2026-10-25T01:00:00Z',
  '2026-11-01T04:30:00Z',
  '2026-11-01T06:00:00Z',
];
/** Any instant, every other time one shortly before a switch. */
const instants = fc.oneof(
  fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }),
  fc.tuple(fc.constantFrom(...SWITCHES), fc.integer({ min: 0, max: 3 * 86_400_000 })).map(([text, beforeMs]) => at(text) - beforeMs),
);

describe('a cron schedule', () => {
  it('keeps wall time through a switch: 06:00 in Berlin is 05:00Z in winter and 04:00Z in summer', () => {
    const cron = new CronSchedule('0 6 * * *', 'Europe/Berlin');
    expect(iso(cron.next(at('2026-03-27T12:00:00Z')))).toBe('2026-03-28T05:00:00.000Z');
    expect(iso(cron.next(at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T04:00:00.000Z');
  });

  it('moves a time that the switch skips to the first valid instant', () => {
    expect(iso(new CronSchedule('30 2 * * *', 'Europe/Berlin').next(at('2026-03-29T00:00:00Z')))).toBe('2026-03-29T01:00:00.000Z');
  });

  it('fires once at a time that occurs twice', () => {
    const cron = new CronSchedule('30 2 * * *', 'Europe/Berlin');
    const first = cron.next(at('2026-10-24T12:00:00Z')) as number;
    expect(iso(first)).toBe('2026-10-25T00:30:00.000Z');
    expect(iso(cron.next(first))).toBe('2026-10-26T01:30:00.000Z');
  });

  it('fires every real hour through a doubled hour', () => {
    const cron = new CronSchedule('0 * * * *', 'Europe/Berlin');
    const ticks = [at('2026-10-24T22:30:00Z')];
    for (let i = 0; i < 5; i++) ticks.push(cron.next(ticks.at(-1) as number) as number);
    expect(ticks.slice(1).map(iso)).toEqual(
      ['23', '00', '01', '02', '03'].map((hour) => `2026-10-2${hour === '23' ? 4 : 5}T${hour}:00:00.000Z`),
    );
  });

  it('knows the last day of a month and the second Friday', () => {
    const day = (pattern: string) => iso(new CronSchedule(pattern, 'UTC').next(at('2026-02-01T00:00:00Z')));
    expect(day('0 0 L * *')).toBe('2026-02-28T00:00:00.000Z');
    expect(day('0 0 * * 5#2')).toBe('2026-02-13T00:00:00.000Z');
    expect(day('0 0 * * 5L')).toBe('2026-02-27T00:00:00.000Z');
    expect(day('0 6 * * MON-FRI')).toBe('2026-02-02T06:00:00.000Z');
    expect(day('@quarterly')).toBe('2026-04-01T00:00:00.000Z');
  });

  it('says what is wrong with a pattern it refuses', () => {
    expect(() => new CronSchedule('* * * *', 'UTC')).toThrow(/has 4 fields; it takes five/);
    expect(() => new CronSchedule('60 * * * *', 'UTC')).toThrow(/is not valid/);
    expect(() => new CronSchedule('0 0 30 2 *', 'UTC')).toThrow(/never fires/);
    expect(() => new CronSchedule('0 0 * * *', 'Europe/Berlln')).toThrow(/is no time zone/);
  });

  it('gives strictly increasing ticks of which each is the predecessor of the next, in every zone', () => {
    const case_ = fc.record({
      pattern: fc.constantFrom(...PATTERNS),
      zone: fc.constantFrom(...ZONES),
      start: instants,
    });
    fc.assert(
      fc.property(case_, ({ pattern, zone, start }) => {
        const cron = new CronSchedule(pattern, zone);
        let tick = cron.next(start) as number;
        expect(tick).toBeGreaterThan(start);
        for (let i = 0; i < 6; i++) {
          const next = cron.next(tick) as number;
          expect(next).toBeGreaterThan(tick);
          expect(iso(cron.previous(next))).toBe(iso(tick));
          tick = next;
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('the ticks of several expressions or events', () => {
  it('are strictly increasing, each the predecessor of the next, in every zone', () => {
    const schedule = fc.oneof(
      fc.record({
        kind: fc.constant('crons' as const),
        expressions: fc.uniqueArray(fc.constantFrom(...PATTERNS), { minLength: 2, maxLength: 4 }),
        timezone: fc.constantFrom(...ZONES),
      }),
      fc.record({
        kind: fc.constant('events' as const),
        instants: fc.array(
          fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }).map((ms) => new Date(ms).toISOString()),
          { minLength: 1, maxLength: 12 },
        ),
      }),
    );
    fc.assert(
      fc.property(schedule, instants, (spec, start) => {
        const ticks = ticksOf(spec, null);
        let tick = ticks?.next(start) ?? null;
        for (let i = 0; i < 6 && tick !== null; i++) {
          expect(tick).toBeGreaterThan(start);
          const next = ticks?.next(tick) ?? null;
          if (next === null) break;
          expect(next).toBeGreaterThan(tick);
          expect(iso(ticks?.previous(next) ?? null)).toBe(iso(tick));
          tick = next;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('share a tick that two expressions name', () => {
    const spec = { kind: 'crons', expressions: ['0 6 * * *', '0 */6 * * *'], timezone: 'Europe/Berlin' } as const;
    expect(upcomingTicks(spec, at('2026-06-10T00:00:00Z'), 3).map(iso)).toEqual([
      '2026-06-10T04:00:00.000Z',
      '2026-06-10T10:00:00.000Z',
      '2026-06-10T16:00:00.000Z',
    ]);
  });
});

describe('the next run', () => {
  const question = (change: Partial<TimetableQuestion>): TimetableQuestion => ({
    schedule: { kind: 'cron', expression: '@daily', timezone: 'UTC' },
    lastLogicalDateMs: null,
    nowMs: at('2026-06-10T12:00:00Z'),
    startDateMs: at('2026-06-01T00:00:00Z'),
    endDateMs: null,
    catchup: false,
    runImmediately: false,
    firstSeenMs: at('2026-06-10T11:00:00Z'),
    activeSinceMs: at('2026-06-10T11:00:00Z'),
    hasUnfinishedRun: false,
    ...change,
  });

  it('without catchup is the newest missed tick, with catchup the oldest', () => {
    expect(iso(nextRun(question({}))?.logicalDateMs ?? null)).toBe('2026-06-10T00:00:00.000Z');
    expect(iso(nextRun(question({ catchup: true }))?.logicalDateMs ?? null)).toBe('2026-06-01T00:00:00.000Z');
  });

  it('without a start date is the first tick after the DAG was seen', () => {
    expect(iso(nextRun(question({ startDateMs: null }))?.logicalDateMs ?? null)).toBe('2026-06-11T00:00:00.000Z');
  });

  it('never repeats the last logical date and joins its interval to it', () => {
    const run = nextRun(question({ lastLogicalDateMs: at('2026-06-10T00:00:00Z') }));
    expect([iso(run?.intervalStartMs ?? null), iso(run?.intervalEndMs ?? null)]).toEqual([
      '2026-06-10T00:00:00.000Z',
      '2026-06-11T00:00:00.000Z',
    ]);
  });

  it('ends with the end date', () => {
    expect(nextRun(question({ lastLogicalDateMs: at('2026-06-10T00:00:00Z'), endDateMs: at('2026-06-10T23:00:00Z') }))).toBeNull();
  });

  it('of @once comes once, of @continuous when no run is left', () => {
    expect(nextRun(question({ schedule: { kind: 'once' } }))?.logicalDateMs).toBe(at('2026-06-01T00:00:00Z'));
    expect(nextRun(question({ schedule: { kind: 'once' }, lastLogicalDateMs: 1 }))).toBeNull();
    expect(nextRun(question({ schedule: { kind: 'continuous' }, hasUnfinishedRun: true }))).toBeNull();
    expect(nextRun(question({ schedule: { kind: 'continuous' } }))?.runAfterMs).toBe(at('2026-06-10T12:00:00Z'));
  });

  it('with catchup none comes after the DAG became active, whatever was missed before', () => {
    const hourly = { kind: 'cron', expression: '@hourly', timezone: 'UTC' } as const;
    const asked = question({
      schedule: hourly,
      catchup: 'none',
      activeSinceMs: at('2026-06-10T11:30:00Z'),
      nowMs: at('2026-06-10T11:45:00Z'),
    });
    expect(iso(nextRun(asked)?.logicalDateMs ?? null)).toBe('2026-06-10T12:00:00.000Z');
  });

  it('with catchup none is still run when the scheduler comes a little late, and left out when it comes very late', () => {
    const active = { catchup: 'none', activeSinceMs: at('2026-06-01T00:00:00Z'), lastLogicalDateMs: at('2026-06-09T00:00:00Z') } as const;
    const late = (nowMs: number) => iso(nextRun(question({ ...active, nowMs }))?.logicalDateMs ?? null);
    expect(late(at('2026-06-10T02:00:00Z'))).toBe('2026-06-10T00:00:00.000Z');
    expect(late(at('2026-06-10T03:00:00Z'))).toBe('2026-06-11T00:00:00.000Z');
  });

  it('with runImmediately is the newest tick for a new DAG, and only the first time', () => {
    const fresh = { runImmediately: true, startDateMs: null } as const;
    expect(iso(nextRun(question(fresh))?.logicalDateMs ?? null)).toBe('2026-06-10T00:00:00.000Z');
    expect(iso(nextRun(question({ ...fresh, catchup: 'none' }))?.logicalDateMs ?? null)).toBe('2026-06-10T00:00:00.000Z');
    expect(iso(nextRun(question({ ...fresh, lastLogicalDateMs: at('2026-06-10T00:00:00Z') }))?.logicalDateMs ?? null)).toBe(
      '2026-06-11T00:00:00.000Z',
    );
    const starts = at('2026-06-10T06:00:00Z');
    expect(iso(nextRun(question({ ...fresh, startDateMs: starts }))?.logicalDateMs ?? null)).toBe('2026-06-11T00:00:00.000Z');
  });

  it('with a time span for runImmediately is the newest tick only if that is no older', () => {
    const fresh = { runImmediately: 6 * 3_600_000, startDateMs: null } as const;
    const at6 = question({ ...fresh, nowMs: at('2026-06-10T06:00:00Z') });
    expect(iso(nextRun(at6)?.logicalDateMs ?? null)).toBe('2026-06-10T00:00:00.000Z');
    expect(iso(nextRun(question(fresh))?.logicalDateMs ?? null)).toBe('2026-06-11T00:00:00.000Z');
  });

  it('with an interval of chosen length has that, up to its tick, and may be named by its start', () => {
    const hours = { kind: 'cron', expression: '@daily', timezone: 'UTC', intervalMs: 6 * 3_600_000 } as const;
    const parts = (run: ReturnType<typeof nextRun>) =>
      [run?.logicalDateMs, run?.intervalStartMs, run?.intervalEndMs].map((ms) => iso(ms ?? null));
    expect(parts(nextRun(question({ schedule: hours })))).toEqual([
      '2026-06-10T00:00:00.000Z',
      '2026-06-09T18:00:00.000Z',
      '2026-06-10T00:00:00.000Z',
    ]);
    const named = { ...hours, logicalDate: 'start' } as const;
    const first = nextRun(question({ schedule: named, catchup: true }));
    expect(parts(first)[0]).toBe('2026-06-01T18:00:00.000Z');
    const second = nextRun(question({ schedule: named, catchup: true, lastLogicalDateMs: first?.logicalDateMs ?? null }));
    expect(parts(second)[0]).toBe('2026-06-02T18:00:00.000Z');
    expect(parts(nextRun(question({ schedule: { ...hours, intervalMs: 0 } })))).toEqual(Array(3).fill('2026-06-10T00:00:00.000Z'));
  });

  it('of a calendar keeps the day of the month and the time of day', () => {
    const monthly = { kind: 'calendar', months: 1, days: 0, timezone: 'Europe/Berlin' } as const;
    expect(upcomingTicks(monthly, at('2026-01-31T05:00:00Z'), 4, at('2026-01-31T05:00:00Z')).map(iso)).toEqual([
      '2026-02-28T05:00:00.000Z',
      '2026-03-31T04:00:00.000Z',
      '2026-04-30T04:00:00.000Z',
      '2026-05-31T04:00:00.000Z',
    ]);
  });

  it('named by its start has the interval that ends at its tick', () => {
    const named = { kind: 'cron', expression: '@daily', timezone: 'UTC', logicalDate: 'start' } as const;
    const run = nextRun(question({ schedule: named }));
    expect([run?.logicalDateMs, run?.intervalStartMs, run?.intervalEndMs, run?.runAfterMs].map((ms) => iso(ms ?? null))).toEqual([
      '2026-06-09T00:00:00.000Z',
      '2026-06-09T00:00:00.000Z',
      '2026-06-10T00:00:00.000Z',
      '2026-06-10T00:00:00.000Z',
    ]);
    // The first interval begins at the start date, not before it.
    expect(iso(nextRun(question({ schedule: named, catchup: true }))?.logicalDateMs ?? null)).toBe('2026-06-01T00:00:00.000Z');
  });

  it('of a list of events is each of them once, and then none', () => {
    const schedule = { kind: 'events', instants: ['2026-06-05T00:00:00Z', '2026-06-09T12:00:00+02:00'] } as const;
    const first = nextRun(question({ schedule, catchup: true }));
    expect(iso(first?.logicalDateMs ?? null)).toBe('2026-06-05T00:00:00.000Z');
    const second = nextRun(question({ schedule, catchup: true, lastLogicalDateMs: first?.logicalDateMs ?? null }));
    expect([second?.intervalStartMs, second?.logicalDateMs].map((ms) => iso(ms ?? null))).toEqual([
      '2026-06-05T00:00:00.000Z',
      '2026-06-09T10:00:00.000Z',
    ]);
    expect(nextRun(question({ schedule, catchup: true, lastLogicalDateMs: second?.logicalDateMs ?? null }))).toBeNull();
  });

  it('follows the last one in every zone and flavour: dates increase, intervals touch', () => {
    const case_ = fc.record({
      expressions: fc.uniqueArray(fc.constantFrom(...PATTERNS.filter((pattern) => !pattern.includes('29 2'))), {
        minLength: 1,
        maxLength: 3,
      }),
      timezone: fc.constantFrom(...ZONES),
      startMs: instants,
      named: fc.constantFrom({}, { logicalDate: 'start' } as const),
    });
    fc.assert(
      fc.property(case_, ({ expressions, timezone, startMs, named }) => {
        const schedule = { kind: 'crons', expressions, timezone, ...named } as const;
        const asked = { schedule, catchup: true, startDateMs: startMs, nowMs: at('2040-01-01T00:00:00Z') };
        let run = nextRun(question(asked));
        expect(run?.logicalDateMs).toBeGreaterThanOrEqual(startMs);
        for (let i = 0; i < 6; i++) {
          const next = nextRun(question({ ...asked, lastLogicalDateMs: run?.logicalDateMs ?? null }));
          expect(next?.logicalDateMs).toBeGreaterThan(run?.logicalDateMs as number);
          expect(iso(next?.intervalStartMs ?? null)).toBe(iso(run?.intervalEndMs ?? null));
          run = next;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('lists the ticks to come', () => {
    expect(upcomingTicks({ kind: 'delta', everyMs: 3_600_000 }, at('2026-06-10T12:10:00Z'), 2).map(iso)).toEqual([
      '2026-06-10T13:00:00.000Z',
      '2026-06-10T14:00:00.000Z',
    ]);
  });
});
