/** The partition that a run of a partitioned cron schedule is for. */
import { keyOfTick } from '../assets/partition.ts';
import type { ScheduleSpec } from '../dag-spec.ts';
import { ticksOf } from './ticks.ts';

export interface TickPartition {
  readonly key: string;
  /** The tick whose wall time the key is. */
  readonly dateMs: number;
}

/** Null when the schedule has no partitions, or none so far away from the tick. */
export function partitionOfTick(schedule: ScheduleSpec, tickMs: number): TickPartition | null {
  if ((schedule.kind !== 'cron' && schedule.kind !== 'crons') || !schedule.partition) return null;
  const { format, offsetTicks } = schedule.partition;
  const ticks = ticksOf(schedule, null);
  let dateMs: number | null = tickMs;
  for (let step = 0; step < Math.abs(offsetTicks) && ticks !== null && dateMs !== null; step++)
    dateMs = offsetTicks < 0 ? ticks.previous(dateMs) : ticks.next(dateMs);
  return dateMs === null ? null : { key: keyOfTick(dateMs, schedule.timezone, format), dateMs };
}
