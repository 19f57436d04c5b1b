/** Asks a plugin's timetable until the run that is due next is found. */

import type { TimetableQuestion } from '#core/plugin-protocol.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Timetable } from '#sdk/plugin.ts';

/** A timetable without catchup is walked from its last run to now in at most this many steps. */
const STEPS_MAX = 100_000;

/** The same rules as for built-in schedules: catchup makes every missed run, else only the newest. */
export function planRun(name: string, timetable: Timetable, question: TimetableQuestion): NextRun | null {
  const { nowMs, startDateMs, endDateMs, lastLogicalDateMs, catchup } = question;
  const fromMs = Math.max(startDateMs === null ? Number.NEGATIVE_INFINITY : startDateMs - 1, lastLogicalDateMs ?? Number.NEGATIVE_INFINITY);
  let run = ask(name, timetable, Number.isFinite(fromMs) ? fromMs : nowMs, question.args);
  for (let step = 0; !catchup && run !== null && run.runAfterMs <= nowMs; step++) {
    if (step === STEPS_MAX)
      throw new Error(`timetable "${name}" plans more than ${STEPS_MAX} runs up to now. Give the DAG a later startDate.`);
    const next = ask(name, timetable, run.logicalDateMs, question.args);
    if (next === null || next.runAfterMs > nowMs) break;
    run = next;
  }
  return run !== null && endDateMs !== null && run.logicalDateMs > endDateMs ? null : run;
}

function ask(name: string, timetable: Timetable, afterMs: number, args: unknown): NextRun | null {
  const planned = timetable.nextRun(new Date(afterMs), args);
  if (planned === null || planned === undefined) return null;
  const intervalEndMs = instant(name, 'intervalEnd', planned.intervalEnd);
  const run = {
    logicalDateMs: intervalEndMs,
    intervalStartMs: instant(name, 'intervalStart', planned.intervalStart),
    intervalEndMs,
    runAfterMs: planned.runAfter === undefined ? intervalEndMs : instant(name, 'runAfter', planned.runAfter),
  };
  if (run.intervalEndMs <= afterMs)
    throw new Error(
      `timetable "${name}" answered a run of ${planned.intervalEnd.toISOString()}, which is not after ${new Date(afterMs).toISOString()}.`,
    );
  if (run.intervalStartMs > run.intervalEndMs) throw new Error(`timetable "${name}" answered an interval that ends before it starts.`);
  return run;
}

function instant(name: string, field: string, value: unknown): number {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`timetable "${name}" must answer { intervalStart, intervalEnd } of valid Dates; ${field} is none.`);
  return ms;
}
