/**
 * A wait as an author writes it: its arguments may be relative to the run or to the moment it begins. `finalArgs`
 * makes them definite; the scheduler does it for tasks that need no worker first, a task process for all others.
 */
import { fromWall, toWall } from '../timetable/wall-clock.ts';
import { checkArgs, type WaiterArgs, type WaiterKind, waiterKinds } from './kinds.ts';

export interface WaitPlan {
  readonly kind: WaiterKind;
  readonly args: WaiterArgs;
  readonly everyMs: number | null;
  /** A body has to see what was found. Absent = it is the result. */
  readonly onFound?: 'wake';
}

/** What relative arguments are relative to, ms since 1970. */
export interface WaitFacts {
  readonly nowMs: number;
  /** A run without one: when it was due to start. */
  readonly logicalDateMs: number;
  readonly intervalEndMs: number;
}

const DAY_MS = 86_400_000;

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The relative forms of a time. */
export type RelativeTime =
  | { readonly at: string }
  /** From the moment the wait begins. */
  | { readonly afterMs: number }
  | { readonly afterLogicalDateMs: number }
  | { readonly afterIntervalEndMs: number }
  /** Of the day of the zone on which the wait begins. */
  | { readonly timeOfDay: string; readonly timezone: string }
  | { readonly weekdays: readonly Weekday[]; readonly timezone: string };

/** Returns the arguments that `checkArgs` accepts. */
export function finalArgs(plan: Pick<WaitPlan, 'kind' | 'args'>, facts: WaitFacts): WaiterArgs {
  if (plan.kind === 'time') {
    const atMs = instantOf(plan.args as RelativeTime, facts);
    return Number.isNaN(atMs) ? plan.args : { at: new Date(atMs).toISOString() };
  }
  if (plan.kind !== 'external_task' || plan.args['logicalDates'] !== undefined) return plan.args;
  const { deltaMs = 0, ...rest } = plan.args;
  return { ...rest, logicalDates: [new Date(facts.logicalDateMs - Number(deltaMs)).toISOString()] };
}

/** Checks a plan that a stranger wrote. */
export function isWaitPlan(value: unknown): boolean {
  const { kind, args, everyMs = null, onFound = 'wake' } = (value ?? {}) as Partial<WaitPlan>;
  if (kind === undefined || !waiterKinds.includes(kind) || typeof args !== 'object' || args === null) return false;
  if ((everyMs !== null && typeof everyMs !== 'number') || onFound !== 'wake') return false;
  try {
    return checkArgs(kind, finalArgs({ kind, args }, { nowMs: 0, logicalDateMs: 0, intervalEndMs: 0 })) === null;
  } catch {
    return false;
  }
}

function instantOf(time: RelativeTime, facts: WaitFacts): number {
  if ('at' in time) return Date.parse(time.at);
  if ('afterMs' in time) return facts.nowMs + time.afterMs;
  if ('afterLogicalDateMs' in time) return facts.logicalDateMs + time.afterLogicalDateMs;
  if ('afterIntervalEndMs' in time) return facts.intervalEndMs + time.afterIntervalEndMs;
  if ('timeOfDay' in time) return timeOfDay(time.timeOfDay, time.timezone, facts.nowMs);
  return nextWeekday(time.weekdays, time.timezone, facts.nowMs);
}

/** Today's, in the zone; a time that a switch skips is the first valid instant after it. It may be past already. */
function timeOfDay(text: string, timezone: string, nowMs: number): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  return fromWall(startOfDay(toWall(nowMs, timezone)) + ((hours * 60 + minutes) * 60 + seconds) * 1_000, timezone);
}

/** Now when today is one of them, else the start of the next such day. */
function nextWeekday(weekdays: readonly Weekday[], timezone: string, nowMs: number): number {
  const today = startOfDay(toWall(nowMs, timezone));
  for (let days = 0; days < 7; days++) {
    const day = today + days * DAY_MS;
    if (weekdays.includes(WEEKDAYS[new Date(day).getUTCDay()] as Weekday)) return days === 0 ? nowMs : fromWall(day, timezone);
  }
  return nowMs;
}

function startOfDay(wallMs: number): number {
  return Math.floor(wallMs / DAY_MS) * DAY_MS;
}
