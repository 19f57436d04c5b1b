/** Waits that need no worker: plain data that a triggerer looks at. `sensor(id, waitFor("10m"))`, or `defer(...)` in a body. */
import { type Duration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { isTimeZone } from '#core/timetable/wall-clock.ts';
import { type WaitPlan, WEEKDAYS, type Weekday } from '#core/waiting/plan.ts';
import { OUTCOME, WAIT } from './brands.ts';
import { instant } from './option-values.ts';

declare const FOUND: unique symbol;

/** What is waited for; T is what a sensor of it returns, and what `ctx.event.value` is after `defer`. */
export interface Wait<out T> {
  readonly [FOUND]: T;
}

/** What a body returns that waits without a worker: it is called again with `ctx.event`. */
export interface Deferred {
  readonly [OUTCOME]: 'defer';
}

export interface DeferOptions {
  /** The try fails after it (and may be tried again); default: it waits for ever. */
  timeout?: Duration;
  /** Small and plain: the body finds it in `ctx.event.state`. */
  state?: unknown;
}

/**
 * Ends this attempt and gives its worker slot back: `return defer(waitFor("1h"))`. When what is waited for has come,
 * the body runs again, from its start, with `ctx.event` set; it is still the same try.
 */
export function defer(wait: Wait<unknown>, options: DeferOptions = {}): Deferred {
  return { [OUTCOME]: 'defer', wait, timeout: options.timeout ?? null, state: options.state ?? null } as unknown as Deferred;
}

/** Marks a plan as a wait. For providers: `args` are those of `core/waiting/kinds.ts`. */
export function makeWait<T>(plan: WaitPlan): Wait<T> {
  return Object.defineProperty({ ...plan }, WAIT, { value: true }) as unknown as Wait<T>;
}

const time = <T>(args: WaitPlan['args']): Wait<T> => makeWait({ kind: 'time', args, everyMs: null });

function ms(where: string, value: unknown): number {
  const parsed = parseDuration(value);
  if (parsed !== null) return parsed;
  throw new AppError(
    'DAG_INVALID',
    `${where} needs a duration like "30s", "5m" or "1h", but got ${JSON.stringify(value) ?? String(value)}.`,
  );
}

/** Until an instant: a Date or ISO text (a text without a zone is UTC). */
export function waitUntil(at: Date | string): Wait<null> {
  const isTemplate = typeof at === 'string' && at.includes('{{');
  return time({ at: isTemplate ? at : instant({ where: 'waitUntil', name: 'at' }, at) });
}

/** For a duration, from the moment the wait begins. */
export function waitFor(duration: Duration): Wait<null> {
  return time({ afterMs: ms('waitFor', duration) });
}

/** Until the run's logical date (or the end of its data interval) plus a duration. Airflow's TimeDeltaSensor counts from the end. */
export function waitForDelta(duration: Duration, options: { from?: 'logicalDate' | 'intervalEnd' } = {}): Wait<null> {
  const delta = ms('waitForDelta', duration);
  return time(options.from === 'logicalDate' ? { afterLogicalDateMs: delta } : { afterIntervalEndMs: delta });
}

/** Until this time of today, in the zone: "09:30" or "09:30:15". Already past: at once. */
export function waitForTimeOfDay(timeOfDay: string, options: { timezone?: string } = {}): Wait<null> {
  if (!/^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(timeOfDay))
    throw new AppError('DAG_INVALID', `waitForTimeOfDay needs a time like "09:30", but got ${JSON.stringify(timeOfDay)}.`);
  return time({ timeOfDay, timezone: zone('waitForTimeOfDay', options.timezone) });
}

/** Until the day is one of these, in the zone: at once, or when the next such day begins. */
export function waitForDayOfWeek(days: Weekday | readonly Weekday[], options: { timezone?: string } = {}): Wait<null> {
  const weekdays = (typeof days === 'string' ? [days] : [...days]).map((day) => day.toLowerCase() as Weekday);
  const wrong = weekdays.find((day) => !WEEKDAYS.includes(day));
  if (wrong !== undefined || weekdays.length === 0)
    throw new AppError('DAG_INVALID', `waitForDayOfWeek needs days like "monday", but got ${JSON.stringify(wrong ?? [])}.`);
  return time({ weekdays, timezone: zone('waitForDayOfWeek', options.timezone) });
}

function zone(where: string, timezone = 'UTC'): string {
  if (isTimeZone(timezone)) return timezone;
  throw new AppError('DAG_INVALID', `${where}: there is no time zone ${JSON.stringify(timezone)}. Use a name like "Europe/Berlin".`);
}
