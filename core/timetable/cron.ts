/**
 * Cron in a time zone. croner finds the next wall-clock time (it runs on UTC, where nothing is missing or
 * doubled); the mapping to instants is ours, because what a switch of clocks should do depends on the pattern:
 *
 * - hours given ("30 2 * * *"): wall time is kept. A missing time moves to the first valid instant, a doubled
 *   time fires once, at its first occurrence.
 * - every hour ("0 * * * *", "*\/15 * * * *"): real elapsed time is kept, also through a doubled hour.
 */
import { Cron } from 'croner';
import { AppError } from '../errors.ts';
import { findSwitch, fromWall, isTimeZone, offsetAt, toWall } from './wall-clock.ts';

const PRESETS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/** A pattern may name a moment that comes once in many years; beyond this many look-ahead steps there is none. */
const STEPS_MAX = 1_000;
/** No zone ever jumped further ahead at once than a day (Samoa, 2011). */
const GAP_MAX_MS = 26 * 3_600_000;

export class CronSchedule {
  readonly #cron: Cron;
  readonly #timezone: string;
  readonly #everyHour: boolean;

  /** Throws SCHEDULE_INVALID with what is wrong in the pattern. */
  constructor(expression: string, timezone: string) {
    const pattern = PRESETS[expression.trim().toLowerCase()] ?? expression.trim();
    if (!isTimeZone(timezone))
      throw new AppError('SCHEDULE_INVALID', `${JSON.stringify(timezone)} is no time zone. Use a name such as Europe/Berlin or UTC.`);
    const fields = pattern.split(/\s+/);
    if (fields.length !== 5)
      throw new AppError(
        'SCHEDULE_INVALID',
        `The cron expression ${JSON.stringify(expression)} has ${fields.length} fields; it takes five: minute hour day-of-month month day-of-week, or a preset such as @daily.`,
      );
    try {
      this.#cron = new Cron(pattern, { timezone: 'UTC', mode: '5-part', sloppyRanges: true, paused: true });
    } catch (cause) {
      throw new AppError(
        'SCHEDULE_INVALID',
        `The cron expression ${JSON.stringify(expression)} is not valid: ${(cause as Error).message.replace(/^CronPattern: /, '')}`,
        {},
        { cause },
      );
    }
    this.#timezone = timezone;
    this.#everyHour = fields[1] === '*' || /^\*\/1$/.test(fields[1] as string);
    if (this.#cron.nextRun(new Date(0)) === null)
      throw new AppError(
        'SCHEDULE_INVALID',
        `The cron expression ${JSON.stringify(expression)} never fires: it names a date that does not exist.`,
      );
  }

  /** The first tick strictly after an instant (ms since 1970), or null when there is none. */
  next(afterMs: number): number | null {
    return this.#everyHour ? this.#nextElapsed(afterMs) : this.#nextAtWall(afterMs);
  }

  /** The last tick strictly before an instant, or null. */
  previous(beforeMs: number): number | null {
    return this.#everyHour ? this.#previousElapsed(beforeMs) : this.#previousAtWall(beforeMs);
  }

  #nextAtWall(afterMs: number): number | null {
    let wall = toWall(afterMs, this.#timezone);
    for (let step = 0; step < STEPS_MAX; step++) {
      const nextWall = this.#wallAfter(wall);
      if (nextWall === null) return null;
      const instant = fromWall(nextWall, this.#timezone);
      if (instant > afterMs) return instant;
      wall = nextWall;
    }
    return null;
  }

  #previousAtWall(beforeMs: number): number | null {
    // A missing time has moved past its own wall time, so look a little ahead first.
    let wall = toWall(beforeMs, this.#timezone) + GAP_MAX_MS;
    for (let step = 0; step < STEPS_MAX; step++) {
      const previousWall = this.#wallBefore(wall);
      if (previousWall === null) return null;
      const instant = fromWall(previousWall, this.#timezone);
      if (instant < beforeMs) return instant;
      wall = previousWall;
    }
    return null;
  }

  /** Every instant whose wall clock matches is a tick; between two switches the offset is fixed. */
  #nextElapsed(afterMs: number): number | null {
    let from = afterMs;
    let offset = offsetAt(from, this.#timezone);
    for (let step = 0; step < STEPS_MAX; step++) {
      const wall = this.#wallAfter(from + offset);
      if (wall === null) return null;
      const instant = wall - offset;
      if (offsetAt(instant, this.#timezone) === offset) return instant;
      const switched = findSwitch(from, instant, this.#timezone);
      offset = offsetAt(switched, this.#timezone);
      from = switched - 1;
    }
    return null;
  }

  #previousElapsed(beforeMs: number): number | null {
    let from = beforeMs;
    let offset = offsetAt(from - 1, this.#timezone);
    for (let step = 0; step < STEPS_MAX; step++) {
      const wall = this.#wallBefore(from + offset);
      if (wall === null) return null;
      const instant = wall - offset;
      if (offsetAt(instant, this.#timezone) === offset) return instant;
      from = findSwitch(instant, from - 1, this.#timezone);
      offset = offsetAt(from - 1, this.#timezone);
    }
    return null;
  }

  #wallAfter(wall: number): number | null {
    return this.#cron.nextRun(new Date(wall))?.getTime() ?? null;
  }

  #wallBefore(wall: number): number | null {
    return this.#cron.previousRuns(1, new Date(wall))[0]?.getTime() ?? null;
  }
}
