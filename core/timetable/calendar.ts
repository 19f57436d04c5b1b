/**
 * Calendar steps from an anchor: months and days of the wall clock, not fixed spans of time. The 31st becomes the last
 * day of a shorter month and comes back in a longer one; a time that a switch of clocks skips moves to the first valid instant.
 */
import type { Ticks } from './ticks.ts';
import { fromWall, toWall } from './wall-clock.ts';

export interface CalendarStep {
  readonly months: number;
  readonly days: number;
  readonly timezone: string;
}

const DAY_MS = 86_400_000;
/** A mean month, to guess where to look; the steps next to the guess are tried. */
const MONTH_MS = 30.436_875 * DAY_MS;
const AROUND = 3;

/** Ticks at the anchor and k steps after or before it. */
export function calendarTicks(step: CalendarStep, anchorMs: number): Ticks {
  const anchorWall = toWall(anchorMs, step.timezone);
  const stepMs = step.months * MONTH_MS + step.days * DAY_MS;
  const tick = (k: number): number => fromWall(wallAfter(anchorWall, step.months * k, step.days * k), step.timezone);
  const guess = (instantMs: number): number => Math.round((instantMs - anchorMs) / stepMs);
  return {
    next(afterMs) {
      let k = guess(afterMs) - AROUND;
      while (tick(k) > afterMs) k -= AROUND;
      while (tick(k) <= afterMs) k += 1;
      return tick(k);
    },
    previous(beforeMs) {
      let k = guess(beforeMs) + AROUND;
      while (tick(k) < beforeMs) k += AROUND;
      while (tick(k) >= beforeMs) k -= 1;
      return tick(k);
    },
  };
}

function wallAfter(wall: number, months: number, days: number): number {
  const at = new Date(wall);
  const month = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1);
  const start = new Date(month);
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 0)).getUTCDate();
  const day = Math.min(at.getUTCDate(), lastDay);
  const timeOfDay = ((wall % DAY_MS) + DAY_MS) % DAY_MS;
  return month + (day - 1 + days) * DAY_MS + timeOfDay;
}
