/** Calendar steps as authors write them: `{ every: { months: 1 }, tz: "Europe/Berlin" }`. */
import type { ScheduleSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { isTimeZone } from '#core/timetable/wall-clock.ts';

/** Steps of the calendar from the start date, in wall time. */
export interface CalendarEvery {
  readonly years?: number;
  readonly months?: number;
  readonly weeks?: number;
  readonly days?: number;
}

const UNITS = ['years', 'months', 'weeks', 'days'] as const;
const STEPS_MAX = 10_000;

/** Throws DAG_INVALID. */
export function readCalendar(
  dagId: string,
  every: object,
  tz: unknown,
): { readonly spec: Extract<ScheduleSpec, { kind: 'calendar' }>; readonly summary: string } {
  const given = every as Readonly<Record<string, unknown>>;
  const fits = Object.entries(given).every(
    ([unit, count]) =>
      UNITS.includes(unit as never) && Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= STEPS_MAX,
  );
  const amount = (unit: (typeof UNITS)[number]): number => Number(given[unit] ?? 0);
  const months = amount('years') * 12 + amount('months');
  const days = amount('weeks') * 7 + amount('days');
  if (!fits || months + days === 0)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": { every: ${JSON.stringify(every)} } must be steps of the calendar in whole numbers, like { months: 1 } or { weeks: 2, days: 1 }.`,
    );
  const timezone = tz ?? 'UTC';
  if (typeof timezone !== 'string' || !isTimeZone(timezone))
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${JSON.stringify(timezone)} is no time zone. Use an IANA name like "Europe/Berlin" or "UTC".`,
    );
  const words = UNITS.filter((unit) => amount(unit) > 0).map((unit) =>
    amount(unit) === 1 ? unit.slice(0, -1) : `${amount(unit)} ${unit}`,
  );
  return {
    spec: { kind: 'calendar', months, days, timezone },
    summary: `every ${words.join(' and ')}${timezone === 'UTC' ? '' : ` (${timezone})`}`,
  };
}
