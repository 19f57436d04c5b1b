/** When a DAG runs, as authors write it, and its plain-data form. */
import type { ScheduleSpec } from '#core/dag-spec.ts';
import { closest } from '#core/did-you-mean.ts';
import { type Duration, formatDuration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { AssetSchedule } from './assets.ts';

/** Airflow's presets and the cron expressions they stand for. */
const PRESETS = {
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
  readonly cron: string;
  /** IANA name; UTC when absent. */
  readonly tz?: string;
}

export interface TimetableSchedule {
  readonly timetable: string;
  readonly args: unknown;
}

/** A preset, a cron expression (UTC), `cron(...)`, `{ every }`, `timetable(...)`, `onAssets...`, or null for none. */
export type Schedule =
  | Preset
  // Keeps the presets in an editor's completion list while any other text is allowed.
  | (string & Record<never, never>)
  | CronSchedule
  | { readonly every: Duration }
  | TimetableSchedule
  | AssetSchedule
  | null
  | undefined;

/** A cron expression (five fields) in a time zone (IANA name; default UTC). */
export function cron(expression: string, options: { tz?: string } = {}): CronSchedule {
  return { cron: expression, ...(options.tz === undefined ? {} : { tz: options.tz }) };
}

/** A timetable of an installed plugin. `args` must be plain JSON. */
export function timetable(name: string, args: unknown = null): TimetableSchedule {
  return { timetable: name, args };
}

export interface ReadSchedule {
  readonly spec: ScheduleSpec;
  readonly summary: string;
}

/** Turns what the author wrote into data and the words people read. Throws DAG_INVALID. */
export function readSchedule(dagId: string, schedule: unknown): ReadSchedule {
  if (schedule === null || schedule === undefined) return { spec: { kind: 'none' }, summary: 'never, externally triggered' };
  if (typeof schedule === 'string') return readText(dagId, schedule.trim());
  if (typeof schedule === 'object') {
    const given = schedule as Record<string, unknown>;
    if ('cron' in given) return readCron(dagId, given['cron'], given['tz']);
    if ('every' in given) return readEvery(dagId, given['every']);
    if ('timetable' in given) return readTimetable(dagId, given['timetable'], given['args']);
    if ('assets' in given)
      throw new AppError(
        'DAG_INVALID',
        `DAG "${dagId}" is scheduled on assets, which is not available in this version of Windlass yet. Use a cron schedule or null.`,
      );
  }
  throw new AppError(
    'DAG_INVALID',
    `The schedule of DAG "${dagId}" is not understood. Use "@daily", "0 6 * * *", cron("0 6 * * *", { tz: "Europe/Berlin" }), { every: "1h" } or null.`,
  );
}

function readText(dagId: string, text: string): ReadSchedule {
  if (text === '@once') return { spec: { kind: 'once' }, summary: text };
  if (text === '@continuous') return { spec: { kind: 'continuous' }, summary: text };
  if (Object.hasOwn(PRESETS, text))
    return { spec: { kind: 'cron', expression: PRESETS[text as keyof typeof PRESETS], timezone: 'UTC' }, summary: text };
  if (text.startsWith('@')) {
    const names = [...Object.keys(PRESETS), '@once', '@continuous'];
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${text} is no preset. ${hintFor(closest(text, names))}Presets: ${names.join(', ')}.`,
    );
  }
  return readCron(dagId, text, undefined);
}

function hintFor(near: string | null): string {
  return near === null ? '' : `Did you mean ${near}? `;
}

const CRON_FIELD = /^[0-9A-Za-z*/,\-?#LW]+$/;

function readCron(dagId: string, expression: unknown, tz: unknown): ReadSchedule {
  const fields = typeof expression === 'string' ? expression.trim().split(/\s+/) : [];
  if (fields.length !== 5 || !fields.every((field) => CRON_FIELD.test(field)))
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${JSON.stringify(expression)} is no cron expression. It has five fields: minute hour day-of-month month day-of-week, like "0 6 * * *".`,
    );
  const timezone = tz ?? 'UTC';
  if (typeof timezone !== 'string' || !isTimezone(timezone))
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${JSON.stringify(tz)} is no time zone. Use an IANA name like "Europe/Berlin" or "UTC".`,
    );
  const text = fields.join(' ');
  return { spec: { kind: 'cron', expression: text, timezone }, summary: timezone === 'UTC' ? text : `${text} (${timezone})` };
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function readEvery(dagId: string, every: unknown): ReadSchedule {
  const everyMs = parseDuration(every);
  if (everyMs === null || everyMs < 1_000)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": { every: ${JSON.stringify(every)} } must be a duration of at least one second, like "15m".`,
    );
  return { spec: { kind: 'delta', everyMs }, summary: `every ${formatDuration(everyMs)}` };
}

function readTimetable(dagId: string, name: unknown, args: unknown): ReadSchedule {
  if (typeof name !== 'string' || name === '')
    throw new AppError('DAG_INVALID', `DAG "${dagId}": timetable(name) needs the name of a plugin's timetable.`);
  let plain: unknown;
  try {
    plain = JSON.parse(JSON.stringify(args ?? null));
  } catch {
    throw new AppError('DAG_INVALID', `DAG "${dagId}": the arguments of timetable "${name}" must be plain JSON.`);
  }
  const shown = plain === null ? '' : ` ${JSON.stringify(plain)}`;
  return { spec: { kind: 'custom', name, args: plain }, summary: `${name}${shown.length > 60 ? ' …' : shown}` };
}
