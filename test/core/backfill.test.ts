/** Goal: a backfill's plan names every date of the range once, in order, and what becomes of it; nonsense is refused in words. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionOn, BACKFILL_TICKS_MAX, type BackfillQuestion, planBackfill, REPROCESS_BEHAVIORS } from '#core/backfill.ts';
import type { DagRunState } from '#core/states.ts';
import { nextRun } from '#core/timetable/timetable.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');

const question = (change: Partial<BackfillQuestion> = {}): BackfillQuestion => ({
  dagId: 'etl',
  schedule: { kind: 'cron', expression: '@daily', timezone: 'UTC' },
  startDateMs: null,
  fromMs: at('2026-03-01T00:00:00Z'),
  toMs: at('2026-03-04T00:00:00Z'),
  nowMs: at('2026-06-01T00:00:00Z'),
  runBackwards: false,
  reprocess: 'none',
  dependsOnPast: false,
  existing: new Map(),
  ...change,
});
const datesOf = (change: Partial<BackfillQuestion>) => planBackfill(question(change)).map((step) => iso(step.logicalDateMs));

describe('the plan of a backfill', () => {
  it('holds every date of the range, both ends included, oldest first', () => {
    expect(datesOf({})).toEqual(['2026-03-01T00:00Z', '2026-03-02T00:00Z', '2026-03-03T00:00Z', '2026-03-04T00:00Z']);
    expect(datesOf({ fromMs: at('2026-03-01T00:00:00.001Z') })).toHaveLength(3);
  });

  it('is the same backwards, newest first', () => {
    expect(datesOf({ runBackwards: true })).toEqual(datesOf({}).reverse());
  });

  it('gives each date the interval a scheduled run would have', () => {
    const [first] = planBackfill(question());
    expect([first?.intervalStartMs, first?.intervalEndMs].map((ms) => iso(ms ?? 0))).toEqual(['2026-02-28T00:00Z', '2026-03-01T00:00Z']);
    const [named] = planBackfill(question({ schedule: { kind: 'cron', expression: '@daily', timezone: 'UTC', logicalDate: 'start' } }));
    expect([named?.logicalDateMs, named?.intervalStartMs, named?.intervalEndMs].map((ms) => iso(ms ?? 0))).toEqual([
      '2026-03-01T00:00Z',
      '2026-03-01T00:00Z',
      '2026-03-02T00:00Z',
    ]);
  });

  it('leaves out an interval that has not ended yet', () => {
    const schedule = { kind: 'cron', expression: '@daily', timezone: 'UTC', logicalDate: 'start' } as const;
    expect(datesOf({ schedule, nowMs: at('2026-03-04T12:00:00Z') })).toEqual([
      '2026-03-01T00:00Z',
      '2026-03-02T00:00Z',
      '2026-03-03T00:00Z',
    ]);
  });

  it('skips what is there unless it is to be run again', () => {
    const existing = new Map<number, DagRunState>([
      [at('2026-03-01T00:00:00Z'), 'success'],
      [at('2026-03-02T00:00:00Z'), 'failed'],
      [at('2026-03-03T00:00:00Z'), 'running'],
    ]);
    const actions = (reprocess: BackfillQuestion['reprocess']) =>
      planBackfill(question({ existing, reprocess })).map((step) => `${step.action} ${step.reason ?? ''}`.trim());
    expect(actions('none')).toEqual(['skip already exists', 'skip already exists', 'skip in flight', 'create']);
    expect(actions('failed')).toEqual(['skip already exists', 'reprocess', 'skip in flight', 'create']);
    expect(actions('completed')).toEqual(['reprocess', 'reprocess', 'skip in flight', 'create']);
  });

  it('never touches a run in flight and always makes one that is missing', () => {
    for (const reprocess of REPROCESS_BEHAVIORS) {
      expect(actionOn('queued', reprocess)).toEqual({ action: 'skip', reason: 'in flight' });
      expect(actionOn('running', reprocess)).toEqual({ action: 'skip', reason: 'in flight' });
      expect(actionOn(null, reprocess)).toEqual({ action: 'create', reason: null });
    }
  });

  it('is what the timetable would have run: each date once, intervals that touch, and two halves make the whole', () => {
    const DAY = 86_400_000;
    const case_ = fc.record({
      schedule: fc.constantFrom<BackfillQuestion['schedule']>(
        { kind: 'cron', expression: '30 2 * * *', timezone: 'Europe/Berlin' },
        { kind: 'cron', expression: '0 */6 * * *', timezone: 'America/New_York', logicalDate: 'start' },
        { kind: 'delta', everyMs: 11 * 3_600_000 },
      ),
      fromMs: fc.integer({ min: 0, max: 300 }).map((days) => at('2025-01-01T00:00:00Z') + days * DAY),
      first: fc.integer({ min: 2, max: 8 }),
      second: fc.integer({ min: 2, max: 8 }),
    });
    fc.assert(
      fc.property(case_, ({ schedule, fromMs, first, second }) => {
        const plan = (start: number, end: number) => planBackfill(question({ schedule, fromMs: start, toMs: end }));
        const middleMs = fromMs + first * DAY;
        const whole = plan(fromMs, middleMs + second * DAY);
        expect([...plan(fromMs, middleMs - 1), ...plan(middleMs, middleMs + second * DAY)]).toEqual(whole);
        for (const [index, step] of whole.entries()) {
          const scheduled = nextRun({
            ...{ schedule, startDateMs: null, endDateMs: null, catchup: true, runImmediately: false, hasUnfinishedRun: false },
            ...{ firstSeenMs: 0, activeSinceMs: 0, nowMs: at('2030-01-01T00:00:00Z'), lastLogicalDateMs: step.logicalDateMs - 1 },
          });
          expect(scheduled).toMatchObject({ logicalDateMs: step.logicalDateMs, intervalStartMs: step.intervalStartMs });
          expect(step.intervalStartMs).toBe(whole[index - 1]?.intervalEndMs ?? step.intervalStartMs);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('what cannot be backfilled', () => {
  it.each([
    ['a DAG without schedule', { schedule: { kind: 'none' } }, /etl has no schedule/],
    ['a custom timetable', { schedule: { kind: 'custom', name: 'workdays', args: null } }, /timetable workdays of a plugin/],
    ['a range from late to early', { fromMs: at('2026-03-05T00:00:00Z') }, /from_date 2026-03-05.* lies after to_date 2026-03-04/],
    ['the future', { nowMs: at('2026-03-03T00:00:00Z') }, /cannot be executed for future dates/],
    [
      'a range between two dates',
      { fromMs: at('2026-03-01T01:00:00Z'), toMs: at('2026-03-01T02:00:00Z') },
      /has no date from .* The next one is 2026-03-02/,
    ],
    ['reverse with dependsOnPast', { dependsOnPast: true, runBackwards: true, reprocess: 'failed' }, /cannot be run in reverse/],
    ['dependsOnPast that would leave dates out', { dependsOnPast: true }, /Set reprocess_behavior to failed or completed/],
    [
      'too much at once',
      { schedule: { kind: 'delta', everyMs: 1_000 } },
      new RegExp(`more than ${BACKFILL_TICKS_MAX} dates of etl.*in parts`),
    ],
  ] as const)('%s is refused', (_, change, message) => {
    expect(() => planBackfill(question(change))).toThrow(message);
  });
});
