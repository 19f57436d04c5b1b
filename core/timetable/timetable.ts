/**
 * When a DAG's next run is due. Pure: the same question has the same answer in every scheduler. Instants are
 * milliseconds since 1970. A scheduled run's data interval is the time from the tick before to its own tick, so that
 * intervals touch without gap or overlap; its logical date is its tick, or the interval's start if the author asks so.
 */
import type { Catchup, ScheduleSpec } from '../dag-spec.ts';
import { type Ticks, ticksOf } from './ticks.ts';

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
  readonly catchup: Catchup;
  /** The first run of all is the newest tick, at once; a number: if it is no older than this many ms. */
  readonly runImmediately: boolean | number;
  /** When the DAG was first seen: without a start date nothing before it is due. */
  readonly firstSeenMs: number;
  /** When the DAG was last unpaused, or first seen: with catchup 'none' nothing before it is due. */
  readonly activeSinceMs: number;
  /** continuous: whether a run is unfinished now. */
  readonly hasUnfinishedRun: boolean;
}

/** catchup 'none' still runs a tick that the scheduler is this late for, or a tenth of the period, if that is more. */
const LATE_MAX_MS = 5 * 60_000;

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
  const tick = ticks && nextTick(ticks, question);
  return ticks === null || tick === null ? null : within(runAt(schedule, ticks, tick));
}

/** The run of a tick. The first of a list of events has no tick before it: its interval is the instant itself. */
function runAt(schedule: ScheduleSpec, ticks: Ticks, tick: number): NextRun {
  const start = intervalMsOf(schedule) === null ? (ticks.previous(tick) ?? tick) : tick - (intervalMsOf(schedule) as number);
  return intervalRun(isNamedByStart(schedule) ? start : tick, start, tick);
}

/** A run that starts when its interval has ended. */
export function intervalRun(logicalDateMs: number, intervalStartMs: number, intervalEndMs: number): NextRun {
  return { logicalDateMs, intervalStartMs, intervalEndMs, runAfterMs: intervalEndMs };
}

/** Whether the logical date is the start of the interval, as in Airflow 2, rather than its end. */
export function isNamedByStart(schedule: ScheduleSpec): boolean {
  return 'logicalDate' in schedule && schedule.logicalDate === 'start';
}

/** The length of the data interval, when the author chose one. */
function intervalMsOf(schedule: ScheduleSpec): number | null {
  return 'intervalMs' in schedule ? (schedule.intervalMs ?? null) : null;
}

function nextTick(ticks: Ticks, question: TimetableQuestion): number | null {
  const { nowMs, catchup } = question;
  const atOnce = immediateTick(ticks, question);
  if (atOnce !== null) return atOnce;
  const earliest = earliestTick(ticks, question);
  if (earliest === null || earliest > nowMs || catchup === true) return earliest;
  const newest = ticks.previous(nowMs + 1) ?? earliest;
  if (catchup === false) return Math.max(newest, earliest);
  const periodMs = newest - (ticks.previous(newest) ?? newest);
  return nowMs - newest <= Math.max(LATE_MAX_MS, periodMs / 10) ? Math.max(newest, earliest) : ticks.next(nowMs);
}

/** The first tick that is allowed at all: past the last run, and not before the DAG's time. */
function earliestTick(ticks: Ticks, question: TimetableQuestion): number | null {
  const { lastLogicalDateMs, startDateMs, firstSeenMs } = question;
  // A run named by its start belongs to the tick after its logical date, or at the end of an interval of chosen length.
  const lengthMs = intervalMsOf(question.schedule);
  const tickOf = (dateMs: number): number => {
    if (!isNamedByStart(question.schedule)) return dateMs;
    return lengthMs === null ? (ticks.next(dateMs) ?? Number.POSITIVE_INFINITY) : dateMs + lengthMs;
  };
  const bounds = [
    // A tick at the start date itself counts.
    startDateMs === null ? firstSeenMs - 1 : tickOf(startDateMs - 1),
    ...(lastLogicalDateMs === null ? [] : [tickOf(lastLogicalDateMs)]),
    ...(question.catchup === 'none' ? [question.activeSinceMs - 1] : []),
  ];
  const past = Math.max(...bounds);
  return Number.isFinite(past) ? ticks.next(past) : null;
}

function immediateTick(ticks: Ticks, question: TimetableQuestion): number | null {
  const { lastLogicalDateMs, startDateMs, nowMs, catchup } = question;
  if (!question.runImmediately || lastLogicalDateMs !== null || (catchup === true && startDateMs !== null)) return null;
  const newest = ticks.previous(nowMs + 1);
  if (newest !== null && typeof question.runImmediately === 'number' && nowMs - newest > question.runImmediately) return null;
  if (newest === null || startDateMs === null) return newest;
  const first = earliestTick(ticks, { ...question, catchup: false });
  return first !== null && newest >= first ? newest : null;
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
