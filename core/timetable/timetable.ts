/**
 * When a DAG's next run is due. Pure: the same question has the same answer in every scheduler. Instants are
 * milliseconds since 1970. A scheduled run's logical date is its tick, and its data interval is the time from
 * the tick before to this one, so that intervals touch without gap or overlap.
 */
import type { ScheduleSpec } from '../dag-spec.ts';
import { assertNever } from '../errors.ts';
import { CronSchedule } from './cron.ts';

export interface NextRun {
  readonly logicalDateMs: number;
  readonly intervalStartMs: number;
  readonly intervalEndMs: number;
  /** The run is created at this instant, not before. */
  readonly runAfterMs: number;
}

export interface TimetableQuestion {
  readonly schedule: ScheduleSpec;
  /** Logical date of the newest scheduled run; null = there was none. */
  readonly lastLogicalDateMs: number | null;
  readonly nowMs: number;
  readonly startDateMs: number | null;
  readonly endDateMs: number | null;
  /** True: every missed tick gets a run. False: only the newest missed one. */
  readonly catchup: boolean;
  /** When the DAG was first seen: without a start date nothing before it is due. */
  readonly firstSeenMs: number;
  /** continuous: whether a run is unfinished now. */
  readonly hasUnfinishedRun: boolean;
}

/** The ticks of a schedule. */
export interface Ticks {
  next(afterMs: number): number | null;
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

/** Ticks at anchor + k * every. */
function deltaTicks(everyMs: number, anchorMs: number): Ticks {
  return {
    next: (afterMs) => anchorMs + (Math.floor((afterMs - anchorMs) / everyMs) + 1) * everyMs,
    previous: (beforeMs) => anchorMs + (Math.ceil((beforeMs - anchorMs) / everyMs) - 1) * everyMs,
  };
}

/** The ticks of a time schedule; null when time alone does not make runs. */
export function ticksOf(schedule: ScheduleSpec, startDateMs: number | null): Ticks | null {
  switch (schedule.kind) {
    case 'cron':
      return cronOf(schedule.expression, schedule.timezone);
    case 'delta':
      return deltaTicks(schedule.everyMs, startDateMs ?? 0);
    case 'none':
    case 'once':
    case 'continuous':
    case 'custom':
      return null;
    default:
      return assertNever(schedule);
  }
}

/** The next run of a DAG, or null when nothing is due by time. Custom timetables are asked elsewhere. */
export function nextRun(question: TimetableQuestion): NextRun | null {
  const { schedule, nowMs, startDateMs, endDateMs, lastLogicalDateMs } = question;
  const within = (run: NextRun): NextRun | null => (endDateMs !== null && run.logicalDateMs > endDateMs ? null : run);
  if (schedule.kind === 'once') {
    if (lastLogicalDateMs !== null) return null;
    return within(pointRun(startDateMs ?? question.firstSeenMs));
  }
  if (schedule.kind === 'continuous') return question.hasUnfinishedRun ? null : within(pointRun(Math.max(nowMs, startDateMs ?? nowMs)));
  const ticks = ticksOf(schedule, startDateMs);
  if (!ticks) return null;
  const tick = nextTick(ticks, question);
  if (tick === null) return null;
  const previous = ticks.previous(tick) ?? tick;
  return within({ logicalDateMs: tick, intervalStartMs: previous, intervalEndMs: tick, runAfterMs: tick });
}

function nextTick(ticks: Ticks, question: TimetableQuestion): number | null {
  const { lastLogicalDateMs, nowMs, catchup, startDateMs, firstSeenMs } = question;
  // A tick at the start date itself counts.
  const earliest = Math.max((startDateMs ?? firstSeenMs) - 1, lastLogicalDateMs ?? Number.NEGATIVE_INFINITY);
  const next = ticks.next(earliest);
  if (next === null || catchup || next > nowMs) return next;
  const newestPast = ticks.previous(nowMs + 1);
  return newestPast !== null && newestPast > next ? newestPast : next;
}

function pointRun(instantMs: number): NextRun {
  return { logicalDateMs: instantMs, intervalStartMs: instantMs, intervalEndMs: instantMs, runAfterMs: instantMs };
}

/** The next `count` ticks strictly after an instant. */
export function upcomingTicks(
  schedule: ScheduleSpec,
  afterMs: number,
  count: number,
  startDateMs: number | null = null,
): readonly number[] {
  const ticks = ticksOf(schedule, startDateMs);
  const found: number[] = [];
  for (let tick = ticks?.next(afterMs) ?? null; tick !== null && found.length < count; tick = ticks?.next(tick) ?? null) found.push(tick);
  return found;
}
