/** What a run that a task has triggered came to: its DAG's output, and the results that it is put together from. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findXcom } from '#platform/db/queries/find-xcom.ts';
import { loadVersions } from '#platform/db/queries/load-version.ts';
import { findRunByRunId } from '#platform/db/queries/triggered/find-triggered-run.ts';

/** `sdk/runtime/run-trigger.ts` puts it together: a tree of literals and references, and what they refer to. */
export interface RunOutput {
  /** Null = the DAG returns nothing. */
  readonly output: unknown;
  readonly params: unknown;
  /** By task id; as stored. A mapped task's is a list. */
  readonly results: Readonly<Record<string, unknown>>;
}

/** Throws NOT_FOUND when the run is gone, FORBIDDEN when this task has not triggered it. */
export async function readRunOutput(db: Queryable, taskInstanceId: string, asked: { dagId: string; runId: string }): Promise<RunOutput> {
  const run = await findRunByRunId(db, asked.dagId, asked.runId);
  if (run === null) throw new AppError('NOT_FOUND', `The run ${asked.runId} of ${asked.dagId} was deleted.`);
  if (run.triggeringInstanceId !== taskInstanceId)
    throw new AppError('FORBIDDEN', `The run ${asked.runId} of ${asked.dagId} was not triggered by this task.`);
  const spec = (await loadVersions(db, [run.versionId]))[0]?.spec;
  const results: Record<string, unknown> = {};
  for (const taskId of tasksIn(spec?.output)) {
    const rows = await findXcom(db, { dagRunId: run.dagRunId, taskId, key: 'return_value' });
    const single = rows.find((row) => row.mapIndex === -1);
    if (single) results[taskId] = single.value;
    else if (rows.length > 0) results[taskId] = rows.map((row) => row.value);
  }
  return { output: spec?.output ?? null, params: run.params, results };
}

/** Task ids anywhere in the tree. */
function tasksIn(tree: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    const { kind, taskId } = part as { kind?: unknown; taskId?: unknown };
    if (kind === 'literal') return;
    if (kind === 'task' && typeof taskId === 'string') found.add(taskId);
    for (const inner of Object.values(part)) visit(inner);
  };
  visit(tree);
  return found;
}
