/** The ticks of a time schedule: strictly increasing instants (ms since 1970), asked in both directions. */
import type { ScheduleSpec } from '../dag-spec.ts';
import { assertNever } from '../errors.ts';
import { calendarTicks } from './calendar.ts';
import { CronSchedule } from './cron.ts';

export interface Ticks {
  /** The first tick strictly after an instant, or null. */
  next(afterMs: number): number | null;
  /** The last tick strictly before an instant, or null. `previous(next(t))` is t for every tick t. */
  previous(beforeMs: number): number | null;
}

const crons = new Map<string, CronSchedule>();
const CRON_CACHE_MAX = 10_000;

function cronOf(expression: string, timezone: string): CronSchedule {
  const key = `${timezone}|${expression}`;
  let cron = crons.get(key);
  if (!cron) {
    cron = new CronSchedule(expression, timezone);
    if (crons.size >= CRON_CACHE_MAX) crons.clear();
    crons.set(key, cron);
  }
  return cron;
}

/** The ticks of a schedule; null when time alone does not make runs. Throws SCHEDULE_INVALID for a bad cron expression. */
export function ticksOf(schedule: ScheduleSpec, startDateMs: number | null): Ticks | null {
  switch (schedule.kind) {
    case 'cron':
      return cronOf(schedule.expression, schedule.timezone);
    case 'crons':
      return union(schedule.expressions.map((expression) => cronOf(expression, schedule.timezone)));
    case 'delta':
      return deltaTicks(schedule.everyMs, startDateMs ?? 0);
    case 'calendar':
      return calendarTicks(schedule, startDateMs ?? 0);
    case 'events':
      return eventTicks(schedule.instants);
    case 'none':
    case 'once':
    case 'continuous':
    case 'custom':
      return null;
    default:
      return assertNever(schedule);
  }
}

/** Ticks at anchor + k * every. */
function deltaTicks(everyMs: number, anchorMs: number): Ticks {
  return {
    next: (afterMs) => anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs,
    previous: (beforeMs) => anchorMs + (Math.ceil((beforeMs - anchorMs) / everyMs) - 1) * everyMs,
  };
}

/** Every tick of every part; what two parts share is one tick. */
function union(parts: readonly Ticks[]): Ticks {
  const pick = (found: readonly (number | null)[], choose: (...values: number[]) => number): number | null => {
    const values = found.filter((value) => value !== null);
    return values.length === 0 ? null : choose(...values);
  };
  return {
    next: (afterMs) =>
      pick(
        parts.map((part) => part.next(afterMs)),
        Math.min,
      ),
    previous: (beforeMs) =>
      pick(
        parts.map((part) => part.previous(beforeMs)),
        Math.max,
      ),
  };
}

/** Parsed lists of events, by their spec: specs of a version are read once and never change. */
const events = new WeakMap<readonly string[], readonly number[]>();

function eventTicks(instants: readonly string[]): Ticks {
  let sorted = events.get(instants);
  if (!sorted) {
    sorted = [...new Set(instants.map((text) => Date.parse(text)))].sort((a, b) => a - b);
    events.set(instants, sorted);
  }
  const list = sorted;
  return {
    next: (afterMs) => list[countBelow(list, afterMs + 1)] ?? null,
    previous: (beforeMs) => list[countBelow(list, beforeMs) - 1] ?? null,
  };
}

/** How many of the sorted instants lie before this one. */
function countBelow(sorted: readonly number[], instantMs: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < instantMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
