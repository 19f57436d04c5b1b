/**
 * Goal: in every time zone there is, at every kind of switch of its clocks between 1990 and 2040, ticks are what the issue
 * asks for. Method: the zones' switches are found by looking at their offsets; each zone gets some of them, with crons that
 * a seeded generator picks. The laws are checked against the zone's wall clock itself, minute by minute where it matters.
 */
import { describe, expect, it } from 'vitest';
import type { ScheduleSpec } from '#core/dag-spec.ts';
import { ticksOf } from '#core/timetable/ticks.ts';
import { type NextRun, nextRun, type TimetableQuestion } from '#core/timetable/timetable.ts';
import { findSwitch, offsetAt, toWall } from '#core/timetable/wall-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FROM_MS = Date.parse('1990-01-01T00:00:00Z');
const TO_MS = Date.parse('2041-01-01T00:00:00Z');
/** No zone has kept a switch for less than about a month (Morocco's Ramadan). */
const STEP_MS = 25 * DAY_MS;
const SEED = 20_261_126;

/** mulberry32: the same choices in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Zone {
  readonly name: string;
  /** The first instant of each new offset. */
  readonly switches: readonly number[];
}

/** Zones with the same clocks since 1990 are looked at once. */
function distinctZones(): readonly Zone[] {
  const zones = new Map<string, Zone>();
  for (const name of Intl.supportedValuesOf('timeZone')) {
    const spans: number[] = [];
    const signature: string[] = [];
    let before = offsetAt(FROM_MS, name);
    for (let ms = FROM_MS; ms < TO_MS; ms += STEP_MS) {
      const offset = offsetAt(ms, name);
      if (offset !== before) spans.push(ms);
      signature.push(String(offset));
      before = offset;
    }
    const key = signature.join(',');
    if (!zones.has(key)) zones.set(key, { name, switches: spans });
  }
  return [...zones.values()];
}

const zones = distinctZones();
const choose = generator(SEED);
const pick = <T>(list: readonly T[]): T => list[choose(list.length)] as T;

/** Some switches of a zone; a zone without any still has days. */
function someSwitches(zone: Zone, count: number): readonly number[] {
  return Array.from({ length: count }, () => {
    if (zone.switches.length === 0) return FROM_MS + choose((TO_MS - FROM_MS) / DAY_MS) * DAY_MS;
    const near = pick(zone.switches);
    return findSwitch(near - STEP_MS, near, zone.name);
  });
}

const cron = (expression: string, timezone: string): ScheduleSpec => ({ kind: 'cron', expression, timezone });
const ticks = (schedule: ScheduleSpec) => {
  const found = ticksOf(schedule, null);
  if (found === null) throw new Error('no ticks');
  return found;
};
const said = (zone: Zone, what: string, ms: number) => `${zone.name}, ${what}, ${new Date(ms).toISOString()}`;

/** A time of day, mostly one that switches touch. */
function someTime(): { readonly minute: number; readonly hour: number } {
  return { minute: choose(60), hour: choose(3) === 0 ? choose(24) : choose(4) };
}

describe(`in each of ${zones.length} zones with clocks of their own`, () => {
  it('there are zones of all kinds', () => {
    expect(zones.length).toBeGreaterThan(150);
    expect(zones.flatMap((zone) => zone.switches).length).toBeGreaterThan(4_000);
  });

  it('a daily cron fires once on each day: at its wall time, at the first of two, or when a gap that swallowed it ends', () => {
    for (const zone of zones)
      for (const at of someSwitches(zone, 2)) {
        const { minute, hour } = someTime();
        const daily = ticks(cron(`${minute} ${hour} * * *`, zone.name));
        let tick = at - 3 * DAY_MS;
        let wall: number | null = null;
        let wasMoved = false;
        for (let count = 0; count < 5; count++) {
          const next = daily.next(tick) as number;
          const where = said(zone, `${minute} ${hour} * * *`, next);
          expect(next, where).toBeGreaterThan(tick);
          if (wall !== null) expect(daily.previous(next), where).toBe(tick);
          const nextWall = toWall(next, zone.name);
          const wanted = Math.floor(nextWall / DAY_MS) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
          if (nextWall === wanted) {
            // Not the second of two.
            const overlap = offsetAt(next - 3 * HOUR_MS, zone.name) - offsetAt(next, zone.name);
            if (overlap > 0) expect(toWall(next - overlap, zone.name), where).not.toBe(nextWall);
          } else {
            // The clocks went forward just now, over the time.
            expect(offsetAt(next, zone.name), where).toBeGreaterThan(offsetAt(next - 1, zone.name));
          }
          // A gap at midnight ends on the next day; a zone that crossed the date line skipped a day (Samoa).
          const isMoved = nextWall !== wanted;
          const days = wall === null ? 1 : Math.floor(nextWall / DAY_MS) - Math.floor(wall / DAY_MS);
          const skipped = Math.max(0, Math.floor((offsetAt(next, zone.name) - offsetAt(tick, zone.name)) / DAY_MS));
          expect(days >= (wasMoved ? 0 : 1) && days <= 1 + skipped + (isMoved ? 1 : 0), where).toBe(true);
          wasMoved = isMoved;
          tick = next;
          wall = nextWall;
        }
      }
  });

  it('an hourly cron and one of every n minutes follow real time: each minute whose wall time fits is a tick, and no other', () => {
    for (const zone of zones)
      for (const at of someSwitches(zone, 1)) {
        const step = pick([60, 30, 20, 15, 10]);
        const expression = step === 60 ? `${choose(60)} * * * *` : `*/${step} * * * *`;
        const fits = (ms: number) =>
          step === 60
            ? new Date(toWall(ms, zone.name)).getUTCMinutes() === Number(expression.split(' ')[0])
            : new Date(toWall(ms, zone.name)).getUTCMinutes() % step === 0;
        const every = ticks(cron(expression, zone.name));
        const start = Math.floor(at / MINUTE_MS) * MINUTE_MS - 2 * HOUR_MS;
        const found: number[] = [];
        for (let tick = every.next(start - 1) as number; tick < start + 4 * HOUR_MS; tick = every.next(tick) as number) found.push(tick);
        const wanted = Array.from({ length: 4 * 60 }, (_, minute) => start + minute * MINUTE_MS).filter(fits);
        expect(found, said(zone, expression, at)).toEqual(wanted);
        for (const [index, tick] of found.entries())
          if (index > 0) expect(every.previous(tick), said(zone, expression, tick)).toBe(found[index - 1]);
      }
  });

  it('the runs of any schedule have increasing dates, and intervals that touch', () => {
    const some = (zone: Zone): ScheduleSpec => {
      const { minute, hour } = someTime();
      const timezone = zone.name;
      return pick<ScheduleSpec>([
        { kind: 'crons', expressions: [`${minute} ${hour} * * *`, `0 ${choose(24)} * * ${choose(7)}`, '*/45 * * * *'], timezone },
        { kind: 'cron', expression: `${minute} ${hour},${(hour + 1) % 24} * * *`, timezone, logicalDate: 'start' },
        { kind: 'cron', expression: `${minute} */${1 + choose(5)} * * 1-5`, timezone },
        { kind: 'cron', expression: `${minute} ${hour} L * *`, timezone },
        { kind: 'cron', expression: `${minute} ${hour} * * ${choose(7)}#${1 + choose(4)}`, timezone },
        { kind: 'calendar', months: choose(3), days: 1 + choose(20), timezone },
      ]);
    };
    for (const zone of zones)
      for (const at of someSwitches(zone, 1)) {
        const schedule = some(zone);
        const startDateMs = at - choose(3 * DAY_MS);
        const base = { schedule, catchup: true, startDateMs, nowMs: TO_MS, endDateMs: null, runImmediately: false } as const;
        const asked: TimetableQuestion = {
          ...base,
          firstSeenMs: TO_MS,
          activeSinceMs: TO_MS,
          hasUnfinishedRun: false,
          lastLogicalDateMs: null,
        };
        let run: NextRun | null = nextRun(asked);
        for (let count = 0; count < 5 && run !== null; count++) {
          const where = said(zone, JSON.stringify(schedule), run.logicalDateMs);
          const next: NextRun | null = nextRun({ ...asked, lastLogicalDateMs: run.logicalDateMs });
          if (next === null) break;
          expect(run.intervalEndMs, where).toBeGreaterThan(run.intervalStartMs);
          expect(next.logicalDateMs, where).toBeGreaterThan(run.logicalDateMs);
          expect(next.intervalStartMs, where).toBe(run.intervalEndMs);
          run = next;
        }
      }
  });
});
