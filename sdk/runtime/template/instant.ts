/** A moment on a wall clock, as Airflow's date times: UTC unless moved to another zone. Immutable. */
import { fromWall, isTimeZone, toWall } from '#core/timetable/wall-clock.ts';
import { UNIT_MS } from './span.ts';
import { TemplateError } from './template-error.ts';

/** Years 1 to 9999, as Python's. */
const YEAR_ONE_MS = -62_135_596_800_000;
const MS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Date.UTC, but the year 33 is not 1933. Months count from 0; what goes beyond its range runs over into the next. */
export function utcMs(year: number, month: number, day: number, hour = 0, minute = 0): number {
  return new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(year, month, day) + hour * 3_600_000 + minute * 60_000;
}

export class Instant {
  readonly ms: number;
  readonly zone: string;
  /** Without a time of day: what `.date()` gives. */
  readonly isDay: boolean;

  /** Throws TemplateError outside of the years 1 to 9999. */
  constructor(ms: number, zone = 'UTC', isDay = false) {
    if (!(ms >= YEAR_ONE_MS && ms <= MS_MAX)) throw new TemplateError('This date lies outside of the years 1 to 9999.');
    this.ms = ms;
    this.zone = zone;
    this.isDay = isDay;
  }

  /** ISO-8601 text, with or without time and zone (then UTC). Throws TemplateError. */
  static parse(text: string): Instant {
    const match = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*$/i.exec(
      text,
    );
    const trimmed = text.trim().replace(' ', 'T');
    const zone = match?.[4];
    const whole = zone === undefined && trimmed.length > 10 ? `${trimmed}Z` : trimmed.replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
    const [, year, month, day] = (match ?? []).map(Number);
    // Date.parse takes 31 February for 3 March.
    const exists = new Date(utcMs(year ?? 0, (month ?? 0) - 1, day ?? 0)).getUTCDate() === day;
    const ms = match !== null && exists ? Date.parse(whole) : Number.NaN;
    if (Number.isNaN(ms))
      throw new TemplateError(`${JSON.stringify(text.slice(0, 60))} is not an ISO date, like "2026-01-31" or "2026-01-31T06:00:00Z".`);
    return new Instant(ms);
  }

  /** The wall clock, read as if it were UTC. */
  get wall(): Date {
    return new Date(toWall(this.ms, this.zone));
  }

  get offsetMinutes(): number {
    return Math.round((this.wall.getTime() - this.ms) / 60_000);
  }

  in(zone: string): Instant {
    if (!isTimeZone(zone))
      throw new TemplateError(`${JSON.stringify(zone.slice(0, 60))} is not a time zone, like "Europe/Berlin" or "UTC".`);
    return new Instant(this.ms, zone, this.isDay);
  }

  date(): Instant {
    const { wall } = this;
    return new Instant(utcMs(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()), 'UTC', true);
  }

  /** Whole days, weeks, months and years move the wall clock; shorter units move the instant. */
  plus(amounts: Readonly<Record<string, number>>): Instant {
    const { years = 0, months = 0, weeks = 0, days = 0, ...short } = amounts;
    const wall = this.wall;
    const monthIndex = wall.getUTCFullYear() * 12 + wall.getUTCMonth() + Math.trunc(years) * 12 + Math.trunc(months);
    const year = Math.floor(monthIndex / 12);
    const month = monthIndex - year * 12;
    const lastDay = new Date(utcMs(year, month + 1, 0));
    const moved = new Date(wall);
    moved.setUTCFullYear(year, month, Math.min(wall.getUTCDate(), lastDay.getUTCDate()));
    const wallMs = moved.getTime() + (weeks * 7 + days) * (UNIT_MS['days'] as number);
    const shortMs = Object.entries(short).reduce((sum, [unit, amount]) => sum + amount * (UNIT_MS[unit] ?? 0), 0);
    const unmoved = wallMs === wall.getTime();
    if (!Number.isFinite(wallMs) || Math.abs(wallMs) > MS_MAX) throw new TemplateError('This date lies outside of the years 1 to 9999.');
    return new Instant((unmoved ? this.ms : fromWall(wallMs, this.zone)) + shortMs, this.zone, this.isDay);
  }

  /** The first or last moment of its year, month, week (from Monday), day, hour or minute. */
  edgeOf(unit: string, end: boolean): Instant {
    const wall = this.wall;
    const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
    const next = end ? 1 : 0;
    const edges: Readonly<Record<string, () => number>> = {
      year: () => utcMs(year + next, 0, 1),
      month: () => utcMs(year, month + next, 1),
      week: () => utcMs(year, month, day - ((wall.getUTCDay() + 6) % 7) + 7 * next),
      day: () => utcMs(year, month, day + next),
      hour: () => utcMs(year, month, day, wall.getUTCHours() + next),
      minute: () => utcMs(year, month, day, wall.getUTCHours(), wall.getUTCMinutes() + next),
    };
    const edge = Object.hasOwn(edges, unit) ? edges[unit] : undefined;
    if (edge === undefined)
      throw new TemplateError(`${JSON.stringify(unit.slice(0, 40))} is no unit. Known: ${Object.keys(edges).join(', ')}.`);
    return new Instant(fromWall(edge(), this.zone) - next, this.zone);
  }

  /** "2026-11-23T06:00:00+00:00" (with ".123000" when there are fractions of a second), or "2026-11-23". */
  toString(separator = 'T'): string {
    const iso = this.wall.toISOString();
    const day = iso.slice(0, 10);
    if (this.isDay) return day;
    const fraction = iso.slice(20, 23) === '000' ? '' : `.${iso.slice(20, 23)}000`;
    return `${day}${separator}${iso.slice(11, 19)}${fraction}${this.offset(':')}`;
  }

  /** "+02:00" */
  offset(separator: string): string {
    const minutes = this.offsetMinutes;
    const two = (value: number) => String(value).padStart(2, '0');
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${separator}${two(Math.abs(minutes) % 60)}`;
  }
}
