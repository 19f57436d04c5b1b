/** What `latestOnly` goes by: when the interval of the run after a run ends. */
import type { DagSpec } from '../dag-spec.ts';
import { ticksOf } from './ticks.ts';

export interface IntervalOfRun {
  readonly runType: string;
  readonly dataIntervalEnd: Date | null;
}

/** ISO-8601. Null for a run by hand, past the end date, and for schedules that time alone does not make. */
export function nextIntervalEnd({ schedule, startDate, endDate }: DagSpec, { runType, dataIntervalEnd }: IntervalOfRun): string | null {
  if (runType === 'manual' || dataIntervalEnd === null) return null;
  const next = ticksOf(schedule, startDate === null ? null : Date.parse(startDate))?.next(dataIntervalEnd.getTime()) ?? null;
  return next === null || (endDate !== null && next > Date.parse(endDate)) ? null : new Date(next).toISOString();
}
