/**
 * The example plugin: a timetable of working days, a macro, a task definition and a listener. A DAG uses it by
 * `schedule: timetable("workdays", { at: "06:00" })` and `import { waitForWorkday } from "windlass/plugins/workdays"`.
 * Times are UTC; holidays are what the DAG passes.
 */
import { definePlugin, defineTask, Skip } from 'windlass';
import { z } from 'zod';

const DAY_MS = 86_400_000;

interface Workdays {
  /** "HH:MM", UTC. */
  readonly at?: string;
  /** "2026-12-25" */
  readonly holidays?: readonly string[];
}

function isWorkday(day: Date, holidays: readonly string[] = []): boolean {
  const weekday = day.getUTCDay();
  return weekday !== 0 && weekday !== 6 && !holidays.includes(day.toISOString().slice(0, 10));
}

/** The first working day at `at`, strictly after (or before, with step -1) the instant. Null: none within two years. */
function nextTick(from: Date, { at = '00:00', holidays = [] }: Workdays, step: 1 | -1): Date | null {
  const time = Date.parse(`1970-01-01T${at}:00Z`);
  if (Number.isNaN(time)) throw new Error(`workdays: "at" must be HH:MM, like "06:00", but is "${at}".`);
  const midnight = Math.floor((from.getTime() - time) / DAY_MS) * DAY_MS;
  for (let days = step === 1 ? 0 : 1; days < 732; days++) {
    const tick = new Date(midnight + time + days * step * DAY_MS);
    if ((step === 1 ? tick > from : tick < from) && isWorkday(tick, holidays)) return tick;
  }
  return null;
}

/** Skips the task, and what needs it, on a day that is no working day. */
export const waitForWorkday = defineTask({
  name: 'workday',
  input: z.object({ day: z.date(), holidays: z.array(z.string()).default([]) }),
  run: ({ day, holidays }) => {
    if (!isWorkday(day, holidays)) throw new Skip(`${day.toISOString().slice(0, 10)} is no working day`);
    return day.toISOString().slice(0, 10);
  },
});

export default definePlugin({
  name: 'workdays',
  tasks: { waitForWorkday },
  macros: {
    /** ctx.macros.workdays.isWorkday(new Date()) */
    isWorkday: (day: Date, holidays?: readonly string[]) => isWorkday(day, holidays),
  },
  timetables: {
    workdays: {
      nextRun(after, args) {
        const options = (args ?? {}) as Workdays;
        const end = nextTick(after, options, 1);
        return end && { intervalStart: nextTick(end, options, -1) ?? end, intervalEnd: end };
      },
    },
  },
  listeners: {
    onDagRunFailed({ dagId, runId, reason }) {
      console.log(`DAG run ${dagId} ${runId} failed: ${reason ?? 'no reason given'}`);
    },
  },
});
