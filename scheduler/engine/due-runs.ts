/** Creates the runs whose time has come. The unique logical date makes a second creation harmless. */

import { runIdFor } from '#core/ids.ts';
import { partitionOfTick, type TickPartition } from '#core/timetable/partition-of-tick.ts';
import { type NextRun, nextRun } from '#core/timetable/timetable.ts';
import { newId } from '#platform/clock.ts';
import { createDagRuns, type NewDagRun } from '#platform/db/queries/create-dag-runs.ts';
import { setNextRuns } from '#platform/db/queries/set-next-run.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';
import type { DagEntry, Memory } from './memory.ts';

/** A DAG that catches up creates at most this many runs in one pass. */
const CATCHUP_PER_PASS = 20;
/** And has at most this many queued beyond those that may be active: each pass reads the unfinished runs of the DAG. */
const CATCHUP_AHEAD = 20;
/** A timetable of a plugin may fail for a moment (its process ended, it took too long). */
export const ASK_AGAIN_MS = 30_000;

/** Asks the timetable for the DAG's next run; null while it is paused, stale, or nothing is due by time. */
export async function planNextRun(deps: EngineDeps, memory: Memory, dag: DagEntry, nowMs: number): Promise<NextRun | null> {
  if (dag.row.isPaused || dag.row.isStale || dag.index === null) return null;
  const { spec } = dag.index;
  const question = {
    lastLogicalDateMs: dag.lastLogicalDateMs,
    nowMs,
    startDateMs: spec.startDate === null ? null : Date.parse(spec.startDate),
    endDateMs: spec.endDate === null ? null : Date.parse(spec.endDate),
  };
  const activeSinceMs = dag.row.activeSince.getTime();
  try {
    if (spec.schedule.kind === 'custom')
      return await deps.timetables.nextRun({
        ...question,
        name: spec.schedule.name,
        args: spec.schedule.args,
        catchup: spec.catchup === true,
        // A timetable is only asked what follows an instant: for 'none' that is the instant the DAG became active.
        ...(spec.catchup === 'none' && { lastLogicalDateMs: Math.max(dag.lastLogicalDateMs ?? activeSinceMs, activeSinceMs) }),
      });
    return nextRun({
      ...question,
      schedule: spec.schedule,
      catchup: spec.catchup,
      runImmediately: spec.runImmediately ?? false,
      firstSeenMs: dag.row.firstSeenAt.getTime(),
      activeSinceMs,
      hasUnfinishedRun: memory.runsOf(spec.dagId).size > 0,
    });
  } catch (error) {
    deps.logger.error(
      { event: 'timetable.failed', dag_id: spec.dagId, err: (error as Error).message },
      'the timetable could not say when the next run is due; it is asked again soon',
    );
    dag.planned = false;
    dag.askAgainAtMs = nowMs + ASK_AGAIN_MS;
    return null;
  }
}

/** How many runs of this DAG may be made now. */
function roomFor(memory: Memory, dag: DagEntry): number {
  if (dag.index?.spec.catchup !== true) return CATCHUP_PER_PASS;
  const unfinished = [...memory.runsOf(dag.row.dagId)].filter((run) => run.row.runType === 'scheduled').length;
  return Math.max(0, Math.min(CATCHUP_PER_PASS, dag.index.spec.maxActiveRuns + CATCHUP_AHEAD - unfinished));
}

/** Of these DAGs, those whose timetable is to be asked, or whose time has come. */
export function dueDags(memory: Memory, dagIds: Iterable<string>, nowMs: number): readonly DagEntry[] {
  return [...dagIds].flatMap((dagId) => {
    const dag = memory.dags.get(dagId);
    const isDue =
      dag && (!dag.planned || (dag.next !== null && dag.next.runAfterMs <= nowMs) || dag.index?.spec.schedule.kind === 'continuous');
    return isDue ? [dag] : [];
  });
}

/** Creates what is due for these DAGs and plans what follows. Returns the DAGs that got a run. */
export async function createDueRuns(
  deps: EngineDeps,
  memory: Memory,
  dags: readonly DagEntry[],
  nowMs: number,
): Promise<readonly string[]> {
  const fresh: NewDagRun[] = [];
  const planned: DagEntry[] = [];
  for (const dag of dags) {
    dag.planned = true;
    dag.askAgainAtMs = null;
    dag.next = await planNextRun(deps, memory, dag, nowMs);
    planned.push(dag);
    const room = roomFor(memory, dag);
    for (let count = 0; count < room && dag.next !== null && dag.next.runAfterMs <= nowMs; count++) {
      fresh.push(scheduledRun(dag.row.dagId, dag.next, dag.index && partitionOfTick(dag.index.spec.schedule, dag.next.runAfterMs)));
      dag.lastLogicalDateMs = dag.next.logicalDateMs;
      if (dag.index?.spec.schedule.kind === 'continuous') {
        dag.next = null;
        break;
      }
      dag.next = await planNextRun(deps, memory, dag, nowMs);
    }
    // Without room it is asked again when one of its runs ends.
    const waitsForRoom = room < CATCHUP_PER_PASS && dag.next !== null && dag.next.runAfterMs <= nowMs;
    if (dag.next !== null && !waitsForRoom) dag.askAgainAtMs = dag.next.runAfterMs;
  }
  if (fresh.length > 0) probe('createDagRuns.before_tx');
  const created = fresh.length > 0 ? await createDagRuns(deps.db, fresh) : new Set<string>();
  if (fresh.length > 0) probe('createDagRuns.after_commit');
  await setNextRuns(
    deps.db,
    planned.map(({ row, next }) => ({
      dagId: row.dagId,
      logicalDate: at(next?.logicalDateMs),
      intervalStart: at(next?.intervalStartMs),
      intervalEnd: at(next?.intervalEndMs),
      runAfter: at(next?.runAfterMs),
    })),
  );
  if (fresh.length > 0) probe('createDagRuns.after_next_run');
  return [...new Set(fresh.filter((run) => created.has(run.dagRunId)).map((run) => run.dagId))];
}

function scheduledRun(dagId: string, next: NextRun, partition: TickPartition | null): NewDagRun {
  const logicalDate = new Date(next.logicalDateMs);
  return {
    dagRunId: newId(),
    dagId,
    runId: runIdFor('scheduled', new Date(next.runAfterMs).toISOString().replace('.000Z', '+00:00').replace('Z', '+00:00')),
    runType: 'scheduled',
    logicalDate,
    dataIntervalStart: new Date(next.intervalStartMs),
    dataIntervalEnd: new Date(next.intervalEndMs),
    runAfter: new Date(next.runAfterMs),
    conf: {},
    triggeredBy: 'timetable',
    triggeringUser: null,
    note: null,
    ...(partition !== null && { partition: { key: partition.key, date: new Date(partition.dateMs) } }),
  };
}

function at(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}
