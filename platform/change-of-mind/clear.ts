/** Clearing: task instances run again, as they were or on the newest version of their DAG. For the API and the CLI alike. */

import { type Reach, type TaskChoice, tasksToClear } from '#core/affected-tasks.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '../db/client.ts';
import type { DagRunRow } from '../db/queries/api/dag-run-row.ts';
import { clearInstances } from '../db/queries/api/move-instances.ts';
import { setTaskInstanceNote } from '../db/queries/api/set-task-instance-note.ts';
import type { TaskInstanceRow } from '../db/queries/api/task-instance-row.ts';
import { touchDagRuns } from '../db/queries/api/touch-dag-runs.ts';
import { repinRuns } from '../db/queries/repin-runs.ts';
import { probe } from '../probes/probe.ts';
import { chooseInstances, chooseRuns, idsOf, runIdsOf } from './choose.ts';
import { chooseElsewhere } from './clear-elsewhere.ts';
import { requireDagRuns, requireDagVersion } from './lookups.ts';

/** Null = whatever their state. `new` = only tasks that the newest version brings; needs `onLatestVersion`. */
export type ClearOnly = 'failed' | 'running' | 'new' | null;

export interface ClearRequest {
  readonly dagId: string;
  /** Empty = runs by date. */
  readonly runIds: readonly string[];
  readonly from?: Date | null;
  readonly to?: Date | null;
  /** Null = all. */
  readonly tasks: readonly TaskChoice[] | null;
  readonly reach: Reach;
  readonly includePast: boolean;
  readonly includeFuture: boolean;
  readonly only: ClearOnly;
  /** Runs that had ended go on. */
  readonly resetDagRuns: boolean;
  readonly onLatestVersion: boolean;
  /** Nothing at all is cleared when something of it runs. */
  readonly preventRunningTask: boolean;
  readonly note: string | null;
}

export interface Cleared {
  /** As they were before; those that external task markers lead to, of other DAGs or dates, after the own. */
  readonly instances: readonly TaskInstanceRow[];
  /** Of the request's DAG. */
  readonly runIds: readonly string[];
}

const STATES: Readonly<Record<'failed' | 'running', readonly string[]>> = { failed: ['failed', 'upstream_failed'], running: ['running'] };

/**
 * What the request would clear, exactly: on the newest version that needs the version's tasks, so it is tried and taken
 * back. Call in a transaction. Throws DAG_RUN_NOT_FOUND, NOT_FOUND, CONFLICT (something runs), BAD_REQUEST (too much).
 */
export async function previewClear(tx: Queryable, request: ClearRequest): Promise<Cleared> {
  if (!request.onLatestVersion) return choose(tx, request, 'preview');
  await tx.query({ name: 'preview', text: 'savepoint preview', unprepared: true });
  const cleared = await choose(tx, request, 'preview');
  await tx.query({ name: 'preview', text: 'rollback to savepoint preview', unprepared: true });
  return cleared;
}

/** Clears, in the caller's transaction. `username` is written into the history. Throws what `previewClear` throws. */
export async function clear(tx: Queryable, request: ClearRequest, username: string): Promise<Cleared> {
  const actor = `user:${username}`;
  const cleared = await choose(tx, request, actor);
  const ids = idsOf(cleared.instances);
  if (ids.length > 0) await clearInstances(tx, ids, actor);
  probe('clear.before_touch');
  if (request.note !== null) await setTaskInstanceNote(tx, ids, request.note, username);
  const runs = await requireDagRuns(tx, request.dagId, cleared.runIds);
  await touchDagRuns(tx, [...new Set([...runs, ...cleared.instances].map((run) => run.dag_run_id))], request.resetDagRuns);
  return cleared;
}

async function choose(tx: Queryable, request: ClearRequest, actor: string): Promise<Cleared> {
  const { dagId } = request;
  const named = await requireDagRuns(tx, dagId, request.runIds);
  const { includePast, includeFuture } = request;
  const runs = await chooseRuns(tx, { dagId, runs: named, includePast, includeFuture, from: request.from ?? null, to: request.to ?? null });
  const fresh = request.onLatestVersion ? await moveToLatest(tx, dagId, runs, actor) : new Set<string>();
  const instances: TaskInstanceRow[] = [];
  const states = request.only === null || request.only === 'new' ? null : STATES[request.only];
  for (const [version, ofVersion] of Map.groupBy(runs, (run) => (request.onLatestVersion ? null : run.version_number))) {
    const { spec } = await requireDagVersion(tx, dagId, version);
    const tasks = tasksToClear(spec, request.tasks, request.reach);
    instances.push(...(await chooseInstances(tx, ofVersion, { tasks, states })));
  }
  const own = request.only === 'new' ? instances.filter((row) => fresh.has(row.task_instance_id)) : instances;
  const chosen = [...own, ...(await chooseElsewhere(tx, own, states))];
  const running = chosen.find((row) => row.state === 'running');
  if (request.preventRunningTask && running)
    throw new AppError(
      'CONFLICT',
      `Task '${running.task_id}' of run '${running.run_id}' is running: it was not cleared, and nothing else was.`,
    );
  // A run that is named, whole, goes on even when it has nothing to clear: the newest version may have brought tasks.
  const alsoRuns = request.onLatestVersion || request.tasks === null ? named.map((run) => run.run_id) : [];
  return { instances: chosen, runIds: [...new Set([...runIdsOf(chosen.filter((row) => row.dag_id === dagId)), ...alsoRuns])] };
}

/** Returns the ids of the instances that the newest version brought. */
async function moveToLatest(tx: Queryable, dagId: string, runs: readonly DagRunRow[], actor: string): Promise<ReadonlySet<string>> {
  const alive = async () => new Set(idsOf(await chooseInstances(tx, runs, { tasks: null, states: null })));
  const before = await alive();
  await repinRuns(tx, { dagId, dagRunIds: runs.map((run) => run.dag_run_id), actor });
  return new Set([...(await alive())].filter((id) => !before.has(id)));
}
