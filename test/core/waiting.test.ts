/** Goal: the rules of waits, as pure functions. Method: examples, and properties over times, zones and states. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toWall } from '#core/timetable/wall-clock.ts';
import { type ExternalState, judgeExternal } from '#core/waiting/external.ts';
import { holdsSecret } from '#core/waiting/holds-secret.ts';
import { wordsOf } from '#core/waiting/kinds.ts';
import { finalArgs, isWaitPlan, WEEKDAYS } from '#core/waiting/plan.ts';
import { nextLookInMs, skipsInsteadOfFailing } from '#core/waiting/sensor-rules.ts';
import { parseWaiter, timeoutEnd } from '#core/waiting/waiter.ts';

const facts = (nowMs: number) => ({ nowMs, logicalDateMs: nowMs - 3_600_000, intervalEndMs: nowMs });
const timeOf = (args: object, nowMs: number) => Date.parse(String(finalArgs({ kind: 'time', args: args as never }, facts(nowMs))['at']));
const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2060, 0, 1) });
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia');

describe('relative times', () => {
  it('count from now, from the logical date, from the end of the interval', () => {
    const now = Date.UTC(2026, 0, 31, 12);
    expect(timeOf({ afterMs: 5 }, now)).toBe(now + 5);
    expect(timeOf({ afterLogicalDateMs: 0 }, now)).toBe(now - 3_600_000);
    expect(timeOf({ afterIntervalEndMs: 1 }, now)).toBe(now + 1);
  });

  it('of a day show that time on the clock of the zone, on the same day, unless a switch skips it', () => {
    fc.assert(
      fc.property(instants, zones, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), (now, timezone, hour, minute) => {
        const wanted = `${hour}:${String(minute).padStart(2, '0')}`;
        const at = timeOf({ timeOfDay: wanted, timezone }, now);
        const wall = new Date(toWall(at, timezone));
        const early = toWall(at - 1, timezone);
        const exact = wall.getUTCHours() === hour && wall.getUTCMinutes() === minute;
        // Skipped: the first valid instant lies past it, and the one before lies before it.
        expect(exact || (wall.getTime() > early + 1 && Math.abs(at - now) < 3 * 86_400_000)).toBe(true);
      }),
    );
  });

  it('of a weekday lie on such a day, within a week, and are now when it is one', () => {
    fc.assert(
      fc.property(instants, zones, fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }), (now, timezone, weekdays) => {
        const at = timeOf({ weekdays, timezone }, now);
        const dayOf = (ms: number) => WEEKDAYS[new Date(toWall(ms, timezone)).getUTCDay()] as (typeof WEEKDAYS)[number];
        expect(weekdays).toContain(dayOf(at));
        expect(at).toBeGreaterThanOrEqual(now);
        expect(at - now).toBeLessThan(7.2 * 86_400_000);
        if (weekdays.includes(dayOf(now))) expect(at).toBe(now);
      }),
    );
  });
});

describe('what another DAG says', () => {
  const args = {
    dagId: 'd',
    taskIds: ['a', 'b'],
    logicalDates: [],
    allowedStates: ['success'],
    skippedStates: ['skipped'],
    failedStates: ['failed'],
  };
  const states = fc.constantFrom('none', 'running', 'success', 'failed', 'skipped');
  const day = (a: string[], b: string[]): ExternalState => ({ dagExists: true, runState: 'running', tasks: { a, b }, knownTasks: null });

  it('fails on one failed, else skips on one skipped, else waits for all', () => {
    const lists = fc.array(states, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(lists, lists), { minLength: 1, maxLength: 3 }), (days) => {
        const all = days.flat(2);
        const wanted = all.includes('failed')
          ? 'fail'
          : all.includes('skipped')
            ? 'skip'
            : all.every((state) => state === 'success')
              ? 'found'
              : 'wait';
        expect(
          judgeExternal(
            args,
            days.map(([a, b]) => day(a, b)),
          ).verdict,
        ).toBe(wanted);
      }),
    );
  });

  it('waits for a run, a task or a group that is not there, unless it has to exist', () => {
    const nothing: ExternalState = { dagExists: false, runState: null, tasks: null, knownTasks: null };
    expect(judgeExternal(args, [nothing]).verdict).toBe('wait');
    expect(judgeExternal({ ...args, checkExistence: true }, [nothing])).toEqual({ verdict: 'missing', reason: 'there is no DAG d' });
    const group = { ...args, taskIds: undefined, groupId: 'g' };
    expect(judgeExternal(group, [{ ...nothing, dagExists: true, runState: 'success', tasks: {} }]).verdict).toBe('wait');
    expect(judgeExternal({ ...group, checkExistence: true }, [{ ...nothing, dagExists: true, knownTasks: ['g2.x'] }]).verdict).toBe(
      'missing',
    );
  });
});

describe('a sensor', () => {
  const sensor = { everyMs: 1_000, timeoutMs: 60_000, onTimeout: 'fail', backoff: 2, maxWaitMs: 8_000 } as const;

  it('looks ever later, never later than maxWait, never past its time', () => {
    const waits: number[] = [];
    for (let elapsed = 0; elapsed < sensor.timeoutMs; elapsed += waits.at(-1) as number) waits.push(nextLookInMs(sensor, elapsed));
    expect(waits.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(waits.reduce((sum, wait) => sum + wait)).toBe(sensor.timeoutMs);
  });

  it('skips instead of failing: softly once no try is left, never-failing at once', () => {
    const asks = [true, false].map((again) => [
      skipsInsteadOfFailing(sensor, again),
      skipsInsteadOfFailing({ ...sensor, softFail: true }, again),
      skipsInsteadOfFailing({ ...sensor, neverFail: true }, again),
    ]);
    expect(asks).toEqual([
      [false, false, true],
      [false, true, true],
    ]);
  });
});

describe('a waiter', () => {
  it('is refused when nobody could look at it', () => {
    const problem = (value: unknown) => (parseWaiter(value) as { problem?: string }).problem;
    expect(problem({ kind: 'carrier_pigeon', args: {} })).toMatch(/no waiter of the kind "carrier_pigeon"/);
    expect(problem({ kind: 'file', args: {} })).toMatch(/"path" .* is missing/);
    expect(problem({ kind: 'file', args: { path: 'x', paht: 'y' } })).toMatch(/has no "paht"/);
    expect(problem({ kind: 'file', args: { path: 'x' }, timeoutMs: -1 })).toMatch(/timeout/);
    expect(problem({ kind: 'file', args: { path: 'x'.repeat(70_000) } })).toMatch(/64 KiB/);
    expect(isWaitPlan({ kind: 'file', args: { path: 'x' } })).toBe(true);
    expect(isWaitPlan({ kind: 'time', args: {} })).toBe(false);
  });

  it('that times out says what it waited for', () => {
    expect(timeoutEnd({ timeoutMs: 60_000, onTimeout: null, softFail: false }, 'the file x')).toEqual({
      end: 'fail',
      error: { name: 'DeferralTimeout', message: 'the wait timed out after 1 min: the file x' },
      retryable: true,
    });
  });

  it('shows no secret in its words, and is known to hold one', () => {
    const url = 'https://eva:hush@example.org/x?token=hush';
    expect(wordsOf('http', { url })).toBe('HTTP GET https://…@example.org/x?…');
    expect([holdsSecret({ url }), holdsSecret({ headers: { Authorization: 'x' } }), holdsSecret({ url: 'https://example.org/x' })]).toEqual(
      [true, true, false],
    );
  });
});
