/**
 * What a backfill of a range does: one step per tick of the schedule, in the order of running. Pure: the dry run and
 * the real one ask the same question and get the same answer.
 */
import type { ScheduleSpec } from './dag-spec.ts';
import { AppError } from './errors.ts';
import type { DagRunState } from './states.ts';
import { ticksOf } from './timetable/ticks.ts';
import { intervalRun, isNamedByStart, type NextRun } from './timetable/timetable.ts';

/** Which existing runs a backfill runs again: none, failed ones, or failed and successful ones. */
export const REPROCESS_BEHAVIORS = ['none', 'failed', 'completed'] as const;
export type ReprocessBehavior = (typeof REPROCESS_BEHAVIORS)[number];

/** Bounds one backfill, and the time its dry run takes. */
export const BACKFILL_TICKS_MAX = 5_000;
export const BACKFILL_MAX_ACTIVE_RUNS = 10;
const PART_TICKS = 50;

export type BackfillAction =
  | { readonly action: 'create' | 'reprocess'; readonly reason: null }
  /** The run is there and stays as it is: why, in words. */
  | { readonly action: 'skip'; readonly reason: 'already exists' | 'in flight' };

export type BackfillStep = BackfillAction & {
  readonly logicalDateMs: number;
  readonly intervalStartMs: number;
  readonly intervalEndMs: number;
};

export interface BackfillRange {
  readonly dagId: string;
  readonly schedule: ScheduleSpec;
  /** Of the DAG: a delta counts from it. */
  readonly startDateMs: number | null;
  /** Logical dates, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

export interface BackfillQuestion extends BackfillRange {
  readonly runBackwards: boolean;
  readonly reprocess: ReprocessBehavior;
  /** A task of the DAG looks at the run before. */
  readonly dependsOnPast: boolean;
  /** States of the DAG's runs in the range, by logical date in ms. */
  readonly existing: ReadonlyMap<number, DagRunState>;
}

/** Throws VALIDATION with what cannot be backfilled and why. */
export function planBackfill(question: BackfillQuestion): readonly BackfillStep[] {
  const plan = planBackfillInParts(question);
  for (;;) {
    const part = plan.next();
    if (part.done) return part.value;
  }
}

/** The same plan in parts of some milliseconds: thousands of dates in a time zone take a second, and others wait meanwhile. */
export function* planBackfillInParts(question: BackfillQuestion): Generator<void, readonly BackfillStep[]> {
  refuseAgainstPast(question);
  const steps = (yield* datesOf(question)).map((run): BackfillStep => {
    const { logicalDateMs, intervalStartMs, intervalEndMs } = run;
    return { logicalDateMs, intervalStartMs, intervalEndMs, ...actionOn(question.existing.get(logicalDateMs) ?? null, question.reprocess) };
  });
  return question.runBackwards ? steps.reverse() : steps;
}

/** What becomes of one date, given the run it has now (null = none). */
export function actionOn(existing: DagRunState | null, reprocess: ReprocessBehavior): BackfillAction {
  switch (existing) {
    case null:
      return { action: 'create', reason: null };
    case 'queued':
    case 'running':
      return { action: 'skip', reason: 'in flight' };
    case 'failed':
      return reprocess === 'none' ? { action: 'skip', reason: 'already exists' } : { action: 'reprocess', reason: null };
    case 'success':
      return reprocess === 'completed' ? { action: 'reprocess', reason: null } : { action: 'skip', reason: 'already exists' };
  }
}

function* datesOf(range: BackfillRange): Generator<void, readonly NextRun[]> {
  const { dagId, schedule, startDateMs, fromMs, toMs, nowMs } = range;
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
  if (schedule.kind === 'custom')
    throw refuse(
      `${dagId} is scheduled by the timetable ${schedule.name} of a plugin, which cannot be backfilled. Trigger its runs one by one.`,
    );
  const ticks = ticksOf(schedule, startDateMs);
  if (ticks === null) throw refuse(`${dagId} has no schedule, so a range has no dates to run. Trigger its runs one by one.`);
  if (fromMs > toMs) throw refuse(`from_date ${iso(fromMs)} lies after to_date ${iso(toMs)}. Exchange them.`);
  if (toMs > nowMs) throw refuse(`Backfill cannot be executed for future dates: to_date ${iso(toMs)} has not come yet.`);
  const found: NextRun[] = [];
  // Each tick is asked for once: in a time zone that is the costly part of a long plan.
  let before = ticks.previous(fromMs);
  let date = ticks.next(fromMs - 1);
  while (date !== null && date <= toMs) {
    const following = ticks.next(date);
    const end = isNamedByStart(schedule) ? following : date;
    // An interval that has not ended yet belongs to the scheduler.
    if (end === null || end > nowMs) break;
    if (found.length === BACKFILL_TICKS_MAX)
      throw refuse(
        `The range holds more than ${BACKFILL_TICKS_MAX} dates of ${dagId}. Backfill it in parts, the first one up to ${iso(found.at(-1)?.logicalDateMs ?? date)}.`,
      );
    found.push(intervalRun(date, end === date ? (before ?? date) : date, end));
    before = date;
    date = following;
    if (found.length % PART_TICKS === 0) yield;
  }
  if (found.length > 0) return found;
  const next = ticks.next(toMs);
  throw refuse(
    `The schedule of ${dagId} has no date from ${iso(fromMs)} to ${iso(toMs)}.${next === null ? '' : ` The next one is ${iso(next)}.`}`,
  );
}

function refuseAgainstPast({ dagId, dependsOnPast, runBackwards, reprocess }: BackfillQuestion): void {
  if (!dependsOnPast) return;
  if (runBackwards)
    throw refuse(`${dagId} cannot be run in reverse because it has tasks with dependsOnPast. Run it from the oldest date to the newest.`);
  if (reprocess === 'none')
    throw refuse(`${dagId} has tasks with dependsOnPast. Set reprocess_behavior to failed or completed, so that no date is left out.`);
}

function refuse(message: string): AppError {
  return new AppError('VALIDATION', message);
}
