/** A schedule as the author wrote it, made into plain data and the words people read. */

import { wordsOf } from '#core/assets/condition.ts';
import { DEFAULT_KEY_FORMAT, isKeyFormat } from '#core/assets/partition.ts';
import { type ScheduleSpec, SPEC_LIMITS } from '#core/dag-spec.ts';
import { closest } from '#core/did-you-mean.ts';
import { formatDuration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { type ReadAssetSchedule, readAssetSchedule } from './read-assets.ts';
import { readCalendar } from './read-calendar.ts';
import { PRESETS } from './schedule.ts';

export interface ReadSchedule {
  readonly spec: ScheduleSpec;
  readonly summary: string;
  /** Absent = no run comes from assets. */
  readonly assets?: ReadAssetSchedule;
}

/** Turns what the author wrote into data and the words people read. Throws DAG_INVALID. */
export function readSchedule(dagId: string, schedule: unknown): ReadSchedule {
  if (schedule === null || schedule === undefined) return { spec: { kind: 'none' }, summary: 'never, externally triggered' };
  if (typeof schedule === 'string') return readText(dagId, schedule.trim());
  if (Array.isArray(schedule)) return readAssets(dagId, { assets: { all: schedule as unknown[] } });
  if (typeof schedule === 'object') {
    if (['asset', 'asset_alias', 'asset_ref'].includes(String((schedule as { kind?: unknown }).kind)))
      return readAssets(dagId, { assets: schedule });
    const given = schedule as Record<string, unknown>;
    for (const [key, allowed] of FORMS) if (key in given) refuseUnknownKeys(dagId, key, given, allowed);
    if ('cron' in given) return readCrons(dagId, given);
    if ('every' in given) return readEvery(dagId, given);
    if ('events' in given) return readEvents(dagId, given['events']);
    if ('timetable' in given) return readTimetable(dagId, given['timetable'], given['args']);
    if ('assets' in given) return readAssets(dagId, given as unknown as AssetsGiven);
    // The bare expressions all(…) and any(…).
    if ('all' in given || 'any' in given) return readAssets(dagId, { assets: given });
  }
  throw new AppError(
    'DAG_INVALID',
    `The schedule of DAG "${dagId}" is not understood. Use "@daily", "0 6 * * *", cron("0 6 * * *", { tz: "Europe/Berlin" }), events([...]), { every: "1h" }, onAssets(…) or null.`,
  );
}

interface AssetsGiven {
  readonly assets: unknown;
  readonly time?: unknown;
  readonly each?: unknown;
  readonly partition?: unknown;
}

function readAssets(dagId: string, given: AssetsGiven): ReadSchedule {
  const assets = readAssetSchedule(dagId, given);
  const words = `on ${wordsOf(assets.spec.condition)}`;
  if (given.time === undefined || given.time === null) return { spec: { kind: 'none' }, summary: words, assets };
  const time = readSchedule(dagId, given.time);
  if (time.assets !== undefined)
    throw new AppError('DAG_INVALID', `DAG "${dagId}": the first argument of assetOrTime(…) must be a schedule by time, like "@daily".`);
  return { spec: time.spec, summary: `${time.summary}, or ${words}`, assets };
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
  return readCrons(dagId, { cron: text });
}

function hintFor(near: string | null): string {
  return near === null ? '' : `Did you mean ${near}? `;
}

const CRON_FIELD = /^[0-9A-Za-z*/,\-?#LW]+$/;

/** One expression in its plain form: a preset's cron, or five fields with single blanks. */
function readExpression(dagId: string, expression: unknown): string {
  const fields = typeof expression === 'string' ? expression.trim().split(/\s+/) : [];
  const preset = fields.length === 1 && Object.hasOwn(PRESETS, fields[0] as string) ? PRESETS[fields[0] as keyof typeof PRESETS] : null;
  if (preset !== null) return preset;
  if (fields.length === 5 && fields.every((field) => CRON_FIELD.test(field))) return fields.join(' ');
  throw new AppError(
    'DAG_INVALID',
    `DAG "${dagId}": ${JSON.stringify(expression)} is no cron expression. It has five fields: minute hour day-of-month month day-of-week, like "0 6 * * *".${fields.length === 6 ? SIX_FIELDS : ''}`,
  );
}

const SIX_FIELDS = ' A sixth field for seconds is not known: a scheduler is no stopwatch. Use { every: "30s" } for steps below a minute.';

function readCrons(dagId: string, given: Readonly<Record<string, unknown>>): ReadSchedule {
  const list: readonly unknown[] = Array.isArray(given['cron']) ? given['cron'] : [given['cron']];
  if (list.length === 0 || list.length > SPEC_LIMITS.cronsPerSchedule)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": cron([...]) takes 1 to ${SPEC_LIMITS.cronsPerSchedule} expressions, but is given ${list.length}. Use schedule: null for none.`,
    );
  const expressions = [...new Set(list.map((expression) => readExpression(dagId, expression)))];
  const timezone = given['tz'] ?? 'UTC';
  if (typeof timezone !== 'string' || !isTimezone(timezone))
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${JSON.stringify(timezone)} is no time zone. Use an IANA name like "Europe/Berlin" or "UTC".`,
    );
  const named = readCronChoices(dagId, given);
  const text = expressions.join(', ');
  const [first] = expressions;
  return {
    spec:
      expressions.length === 1 && first !== undefined
        ? { kind: 'cron', expression: first, timezone, ...named }
        : { kind: 'crons', expressions, timezone, ...named },
    summary: timezone === 'UTC' ? text : `${text} (${timezone})`,
  };
}

/** Absent stays absent, so that the spec of an unchanged file does not change. */
function readCronChoices(dagId: string, given: Readonly<Record<string, unknown>>) {
  const intervalMs = given['interval'] === undefined ? undefined : parseDuration(given['interval']);
  if (intervalMs === null)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": interval of cron(...) must be a duration like "1h" (or 0), but is ${JSON.stringify(given['interval'])}.`,
    );
  return {
    ...readLogicalDate(dagId, given['logicalDate']),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(given['partition'] !== undefined && { partition: readTickPartition(dagId, given['partition']) }),
  };
}

function readTickPartition(dagId: string, value: unknown): { readonly format: string; readonly offsetTicks: number } {
  const given = (value === true ? {} : value) as { keyFormat?: unknown; runOffset?: unknown };
  const { keyFormat = DEFAULT_KEY_FORMAT, runOffset = 0 } = given;
  if (typeof keyFormat !== 'string' || !isKeyFormat(keyFormat) || !Number.isSafeInteger(runOffset))
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": cronPartition takes keyFormat (of %Y %m %d %H %M %S) and runOffset (a whole number of ticks).`,
    );
  return { format: keyFormat, offsetTicks: runOffset as number };
}

/** Absent stays absent: a spec without it means the tick. */
function readLogicalDate(dagId: string, value: unknown): { readonly logicalDate?: 'start' } {
  if (value === undefined || value === 'end') return {};
  if (value === 'start') return { logicalDate: 'start' };
  throw new AppError(
    'DAG_INVALID',
    `DAG "${dagId}": logicalDate of a schedule must be "end" (the tick; the default) or "start" (the start of the data interval), but is ${JSON.stringify(value)}.`,
  );
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/;

function readEvents(dagId: string, list: unknown): ReadSchedule {
  if (!Array.isArray(list) || list.length === 0 || list.length > SPEC_LIMITS.eventsPerSchedule)
    throw new AppError('DAG_INVALID', `DAG "${dagId}": events([...]) takes a list of 1 to ${SPEC_LIMITS.eventsPerSchedule} instants.`);
  const instants = (list as readonly unknown[]).map((value) => {
    const ms = value instanceof Date ? value.getTime() : typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": ${JSON.stringify(value)} in events([...]) is no instant. Use ISO-8601 with an offset, like "2026-01-01T06:00:00Z".`,
    );
  });
  const texts = [...new Set(instants)].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
  const [first] = texts;
  return {
    spec: { kind: 'events', instants: texts },
    summary: texts.length === 1 ? `once, ${first}` : `${texts.length} dates from ${first}`,
  };
}

/** What each form of a schedule may hold. */
const FORMS: readonly (readonly [string, readonly string[]])[] = [
  ['cron', ['cron', 'tz', 'logicalDate', 'interval', 'partition']],
  ['every', ['every', 'logicalDate', 'tz']],
  ['events', ['events']],
  ['assets', ['assets', 'time', 'each', 'partition']],
];

function refuseUnknownKeys(dagId: string, form: string, given: object, allowed: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  throw new AppError(
    'DAG_INVALID',
    `DAG "${dagId}": a schedule with ${form} has no option "${unknown}". ${hintFor(closest(unknown, allowed))}`.trim(),
  );
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function readEvery(dagId: string, given: Readonly<Record<string, unknown>>): ReadSchedule {
  const every = given['every'];
  if (typeof every === 'object' && every !== null) {
    const calendar = readCalendar(dagId, every, given['tz']);
    return { ...calendar, spec: { ...calendar.spec, ...readLogicalDate(dagId, given['logicalDate']) } };
  }
  if (given['tz'] !== undefined)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": a fixed span of time knows no time zone. Leave tz out, or use { every: { days: 1 }, tz: … }.`,
    );
  const everyMs = parseDuration(every);
  if (everyMs === null || everyMs < 1_000)
    throw new AppError(
      'DAG_INVALID',
      `DAG "${dagId}": { every: ${JSON.stringify(every)} } must be a duration of at least one second, like "15m".`,
    );
  return { spec: { kind: 'delta', everyMs, ...readLogicalDate(dagId, given['logicalDate']) }, summary: `every ${formatDuration(everyMs)}` };
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
