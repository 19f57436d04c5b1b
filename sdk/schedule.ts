/** When a DAG runs, as authors write it. `read-schedule.ts` turns it into plain data. */
import type { Duration } from '#core/duration.ts';
import type { AssetExpression, AssetSchedule } from './assets.ts';
import type { CalendarEvery } from './read-calendar.ts';

/** Airflow's presets and the cron expressions they stand for. */
export const PRESETS = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
} as const;

export type Preset = keyof typeof PRESETS | '@once' | '@continuous';

export interface CronSchedule {
  /** One expression, or several: then their ticks together. */
  readonly cron: string | readonly string[];
  /** IANA name; UTC when absent. */
  readonly tz?: string;
  readonly logicalDate?: LogicalDate;
  /** The data interval is this long and ends at the tick. Default: since the tick before. */
  readonly interval?: Duration;
  /** Each run is for one partition, named by the wall time of its tick. */
  readonly partition?: TickPartition;
}

export interface TickPartition {
  /** Of %Y %m %d %H %M %S; default "%Y-%m-%dT%H:%M:%S". */
  readonly keyFormat?: string;
  /** -1: the partition of the tick before. */
  readonly runOffset?: number;
}

/**
 * What a run is named by. 'end' (the default): the tick, at which the run starts and its data interval ends.
 * 'start': the start of its data interval, the tick before, as in Airflow 2.
 */
export type LogicalDate = 'start' | 'end';

export interface EventsSchedule {
  readonly events: readonly (string | Date)[];
}

export interface TimetableSchedule {
  readonly timetable: string;
  readonly args: unknown;
}

/** A preset, a cron expression (UTC), `cron(...)`, `{ every }`, `events(...)`, `timetable(...)`, assets, or null for none. */
export type Schedule =
  | Preset
  // Keeps the presets in an editor's completion list while any other text is allowed.
  | (string & Record<never, never>)
  | CronSchedule
  | EventsSchedule
  | { readonly every: Duration; readonly logicalDate?: LogicalDate }
  | { readonly every: CalendarEvery; readonly tz?: string; readonly logicalDate?: LogicalDate }
  | TimetableSchedule
  | AssetSchedule
  | AssetExpression
  | readonly AssetExpression[]
  | null
  | undefined;

export interface CronOptions {
  /** IANA name; UTC when absent. */
  tz?: string;
  logicalDate?: LogicalDate;
  /** The data interval is this long and ends at the tick ("0s": the tick itself). Default: since the tick before. */
  interval?: Duration;
}

/** A cron schedule whose runs carry a partition key, made from their tick: `cronPartition("0 0 * * *", { keyFormat: "%Y-%m-%d" })`. */
export function cronPartition(expression: string | readonly string[], options: CronOptions & TickPartition = {}): CronSchedule {
  const { keyFormat, runOffset, ...rest } = options;
  return {
    ...rest,
    cron: expression,
    partition: { ...(keyFormat !== undefined && { keyFormat }), ...(runOffset !== undefined && { runOffset }) },
  };
}

/** One cron expression (five fields) or several, in a time zone (IANA name; default UTC). */
export function cron(expression: string | readonly string[], options: CronOptions = {}): CronSchedule {
  return { ...options, cron: expression };
}

/** Exactly these instants, each once: "2026-01-01T00:00:00Z" (with an offset) or Dates. */
export function events(instants: readonly (string | Date)[]): EventsSchedule {
  return { events: instants };
}

/** A timetable of an installed plugin. `args` must be plain JSON. */
export function timetable(name: string, args: unknown = null): TimetableSchedule {
  return { timetable: name, args };
}
