/** Which runs the waiting events of a DAG make. Pure; the caller consumes exactly these events in the transaction that creates the runs. */
import type { AssetScheduleSpec } from './asset-spec.ts';
import { isMet, isUseOf, usesOf, type WaitingAsset } from './condition.ts';
import { mapKey, mapperFor, type PartitionSchedule } from './partition.ts';

export interface QueuedEvent extends WaitingAsset {
  readonly eventId: number;
  readonly partitionKey: string | null;
}

export interface PlannedAssetRun {
  readonly eventIds: readonly number[];
  readonly partitionKey: string | null;
}

export interface AssetRunPlan {
  readonly runs: readonly PlannedAssetRun[];
  /** Events that can never be part of a run of this schedule. */
  readonly discard: readonly number[];
}

/** `queued` in the order of the events; at most `room` runs are planned, what is left over waits. */
export function planAssetRuns(schedule: AssetScheduleSpec, queued: readonly QueuedEvent[], room: number): AssetRunPlan {
  if (schedule.partition) return planPartitions(schedule, schedule.partition, queued, room);
  const uses = usesOf(schedule.condition);
  // As in Airflow: an event of one partition says nothing to a DAG that knows no partitions.
  const fits = (event: QueuedEvent) => event.partitionKey === null && uses.some((use) => isUseOf(use, event));
  const events = queued.filter(fits);
  const discard = queued.filter((event) => !fits(event)).map((event) => event.eventId);
  if (schedule.each) {
    const met = events.filter((event) => isMet(schedule.condition, [event]));
    return { runs: met.slice(0, Math.max(0, room)).map((event) => ({ eventIds: [event.eventId], partitionKey: null })), discard };
  }
  if (room <= 0 || events.length === 0 || !isMet(schedule.condition, events)) return { runs: [], discard };
  return { runs: [{ eventIds: events.map((event) => event.eventId), partitionKey: null }], discard };
}

function planPartitions(
  schedule: AssetScheduleSpec,
  partition: PartitionSchedule,
  queued: readonly QueuedEvent[],
  room: number,
): AssetRunPlan {
  const uses = usesOf(schedule.condition);
  const byKey = new Map<string, QueuedEvent[]>();
  const discard: number[] = [];
  for (const event of queued) {
    const key =
      event.partitionKey === null || !uses.some((use) => isUseOf(use, event))
        ? null
        : mapKey(mapperFor(partition, event), event.partitionKey);
    if (key === null) {
      discard.push(event.eventId);
      continue;
    }
    const list = byKey.get(key);
    if (list) list.push(event);
    else byKey.set(key, [event]);
  }
  const ready = [...byKey].filter(([, events]) => isMet(schedule.condition, events));
  return {
    runs: ready
      .slice(0, Math.max(0, room))
      .map(([partitionKey, events]) => ({ partitionKey, eventIds: events.map((event) => event.eventId) })),
    discard,
  };
}
