/**
 * Where a clear goes on in other DAGs: a marker of a cleared task names a task there, of the run of the same logical date.
 * Pure: it says which instances are wanted next, and is told what became of them.
 */
import type { TaskSpec } from './dag-spec.ts';
import { AppError } from './errors.ts';

export interface ExternalTaskMarker {
  readonly dagId: string;
  readonly taskId: string;
  /** The run there is so much later than the own. Absent = 0. */
  readonly deltaMs?: number;
  /** How many DAGs a clear may go on to, one after the other. Absent = the default. */
  readonly recursionDepth?: number;
}

export const MARKER_LIMITS = { perTask: 50, recursionDepth: 10 } as const;

/** A task of another DAG's run that is cleared with all that follows it. */
export interface MarkedTask {
  readonly dagId: string;
  readonly taskId: string;
  readonly logicalDate: Date;
  /** DAGs that a clear may still go on to from there. */
  readonly depthLeft: number;
}

/** What of a run is cleared. */
export interface ClearedTasks {
  readonly dagId: string;
  /** Null: no other run is of the same date. */
  readonly logicalDate: Date | null;
  readonly tasks: readonly Pick<TaskSpec, 'taskId' | 'externalTaskMarkers'>[];
  readonly cleared: Iterable<string>;
  /** Null: the marker says. */
  readonly depthLeft: number | null;
}

/**
 * Yields the tasks that the markers lead to, DAG after DAG, and takes what of them is cleared. Each task is yielded once, so a
 * cycle ends; a chain longer than the depth of its first marker throws BAD_REQUEST, before anything is cleared.
 */
export function* followMarkers(start: readonly ClearedTasks[]): Generator<readonly MarkedTask[], void, readonly ClearedTasks[]> {
  const visited = new Set<string>();
  for (let level = start; level.length > 0; ) {
    for (const { dagId, logicalDate, cleared } of level)
      if (logicalDate !== null) for (const taskId of cleared) visited.add(keyOf({ dagId, taskId, logicalDate }));
    const next: MarkedTask[] = [];
    for (const task of level.flatMap(markedBy)) {
      if (visited.has(keyOf(task))) continue;
      if (task.depthLeft < 0)
        throw new AppError(
          'BAD_REQUEST',
          `The external task markers lead on from DAG to DAG beyond their recursionDepth, to ${task.taskId} of ${task.dagId}: nothing was cleared. Raise it at the first marker, or clear by --task-id in parts.`,
        );
      visited.add(keyOf(task));
      next.push(task);
    }
    if (next.length === 0) return;
    level = yield next;
  }
}

function markedBy({ logicalDate, tasks, cleared, depthLeft }: ClearedTasks): readonly MarkedTask[] {
  if (logicalDate === null) return [];
  const ids = new Set(cleared);
  return tasks
    .filter((task) => ids.has(task.taskId))
    .flatMap((task) => task.externalTaskMarkers ?? [])
    .map(({ dagId, taskId, deltaMs = 0, recursionDepth = MARKER_LIMITS.recursionDepth }) => ({
      dagId,
      taskId,
      logicalDate: new Date(logicalDate.getTime() + deltaMs),
      depthLeft: (depthLeft ?? recursionDepth) - 1,
    }));
}

function keyOf({ dagId, taskId, logicalDate }: Pick<MarkedTask, 'dagId' | 'taskId' | 'logicalDate'>): string {
  return `${dagId}/${taskId}/${logicalDate.getTime()}`;
}
