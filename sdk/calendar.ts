/**
 * Ready-made decisions by the calendar, for `branch` (with the cases true and false) and `gate`:
 * `gate('weekend', {}, onWeekdays(['saturday', 'sunday']))`.
 */
import { AppError } from '#core/errors.ts';
import type { Ctx } from './context.ts';
import { now } from './runtime/now.ts';

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface CalendarOptions {
  /** Whose wall clock counts; default UTC. */
  tz?: string;
  /** Looks at the run's logical date instead of now. */
  useLogicalDate?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: fits DAGs with any params
type Decide = (input: unknown, ctx: Ctx<any>) => boolean;

/** True on these days of the week. */
export function onWeekdays(days: Weekday | readonly Weekday[], options: CalendarOptions = {}): Decide {
  const wanted: readonly string[] = typeof days === 'string' ? [days] : days;
  const wrong = wanted.find((day) => !(WEEKDAYS as readonly string[]).includes(day));
  if (wanted.length === 0 || wrong !== undefined)
    throw new AppError('DAG_INVALID', `onWeekdays knows ${WEEKDAYS.join(', ')}, but not ${JSON.stringify(wrong ?? days)}.`);
  const clock = wallClock('onWeekdays', options);
  return (_, ctx) => wanted.includes(clock(instantOf(ctx, options)).weekday);
}

export interface TimeWindow {
  /** "08:00" or "08:00:30" on the wall clock, or an instant. Absent = no lower bound. */
  from?: string | Date;
  /** Included. With two wall times, earlier than `from` means the next day. */
  to?: string | Date;
}

/** True between two times of the day, or between two instants; both ends count. */
export function duringTimes(window: TimeWindow, options: CalendarOptions = {}): Decide {
  const clock = wallClock('duringTimes', options);
  const from = readBound('from', window.from);
  const to = readBound('to', window.to);
  if (from === null && to === null) throw new AppError('DAG_INVALID', 'duringTimes needs from, to or both.');
  const overMidnight = from?.kind === 'wall' && to?.kind === 'wall' && to.value < from.value;
  return (_, ctx) => {
    const at = instantOf(ctx, options);
    const { secondOfDay } = clock(at);
    const here = (bound: Bound) => (bound.kind === 'wall' ? secondOfDay : at.getTime());
    const isAfter = from === null || here(from) >= from.value;
    const isBefore = to === null || here(to) <= to.value;
    return overMidnight ? isAfter || isBefore : isAfter && isBefore;
  };
}

interface Bound {
  readonly kind: 'wall' | 'instant';
  /** Seconds of the day, or ms since 1970. */
  readonly value: number;
}

function readBound(name: string, given: unknown): Bound | null {
  if (given === undefined) return null;
  const wall = typeof given === 'string' ? /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(given) : null;
  if (wall) return { kind: 'wall', value: Number(wall[1]) * 3_600 + Number(wall[2]) * 60 + Number(wall[3] ?? 0) };
  const instant = given instanceof Date ? given.getTime() : typeof given === 'string' ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(instant)) return { kind: 'instant', value: instant };
  throw new AppError('DAG_INVALID', `"${name}" of duringTimes must be a time like "08:00" or an instant, but is ${JSON.stringify(given)}.`);
}

function instantOf(ctx: Ctx<unknown>, options: CalendarOptions): Date {
  return options.useLogicalDate ? ctx.run.logicalDate : now();
}

function wallClock(where: string, { tz = 'UTC' }: CalendarOptions) {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: tz,
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
  } catch {
    throw new AppError('DAG_INVALID', `${where}: ${JSON.stringify(tz)} is no time zone. Use a name like "Europe/Berlin".`);
  }
  return (at: Date): { readonly weekday: string; readonly secondOfDay: number } => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const secondOfDay = Number(parts['hour']) * 3_600 + Number(parts['minute']) * 60 + Number(parts['second']);
    return { weekday: (parts['weekday'] ?? '').toLowerCase(), secondOfDay };
  };
}
