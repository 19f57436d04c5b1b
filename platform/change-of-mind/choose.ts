/** Which runs, and which of their task instances, a change touches. Reads only. */
import { isChosen, type TaskChoice } from '#core/affected-tasks.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '../db/client.ts';
import type { Filter } from '../db/list-query.ts';
import type { DagRunRow } from '../db/queries/api/dag-run-row.ts';
import { listDagRuns } from '../db/queries/api/list-dag-runs.ts';
import { listTaskInstances } from '../db/queries/api/list-task-instances.ts';
import type { TaskInstanceRow } from '../db/queries/api/task-instance-row.ts';

/** One request changes so much at most: it is one transaction that locks every row. */
const MAX_INSTANCES = 20_000;
const MAX_RUNS = 1_000;

export type RunKey = Pick<DagRunRow, 'dag_id' | 'run_id'>;

export interface RunChoice {
  readonly dagId: string;
  /** These runs; with past or future, also the runs of earlier or later logical dates than the first. Empty = by date. */
  readonly runs: readonly DagRunRow[];
  readonly includePast: boolean;
  readonly includeFuture: boolean;
  /** Bounds of the logical date, when no run is given. */
  readonly from: Date | null;
  readonly to: Date | null;
}

export async function chooseRuns(db: Queryable, choice: RunChoice): Promise<readonly DagRunRow[]> {
  const [run] = choice.runs;
  if (run !== undefined && !choice.includePast && !choice.includeFuture) return choice.runs;
  const own = run === undefined ? null : (run.logical_date ?? run.run_after);
  const from = own === null ? choice.from : choice.includePast ? null : own;
  const to = own === null ? choice.to : choice.includeFuture ? null : own;
  const field = run !== undefined && run.logical_date === null ? 'run_after' : 'logical_date';
  const filters: Filter[] = [{ field: 'dag_id', operator: 'eq', value: choice.dagId }];
  if (from !== null) filters.push({ field, operator: 'gte', value: from });
  if (to !== null) filters.push({ field, operator: 'lte', value: to });
  const page = await listDagRuns(db, { filters, orderBy: [], limit: MAX_RUNS, offset: 0 });
  if (page.total > MAX_RUNS) throw tooMany(`${page.total} runs`, `${MAX_RUNS} runs`);
  return page.rows;
}

/** The instances of the chosen tasks (null = all) in these runs of one DAG that are in one of `states` (null = any but removed). */
export async function chooseInstances(
  db: Queryable,
  runs: readonly RunKey[],
  choice: { readonly tasks: readonly TaskChoice[] | null; readonly states: readonly string[] | null },
): Promise<readonly TaskInstanceRow[]> {
  const [first] = runs;
  if (first === undefined) return [];
  const filters: Filter[] = [
    { field: 'dag_id', operator: 'eq', value: first.dag_id },
    { field: 'run_id', operator: 'any', value: runs.map((run) => run.run_id) },
    choice.states === null
      ? { field: 'state', operator: 'none_of', value: ['removed'] }
      : { field: 'state', operator: 'any', value: choice.states },
  ];
  const { tasks } = choice;
  if (tasks !== null) filters.push({ field: 'task_id', operator: 'any', value: [...new Set(tasks.map((task) => task.taskId))] });
  const page = await listTaskInstances(db, { filters, orderBy: [], limit: MAX_INSTANCES, offset: 0 });
  if (page.total > MAX_INSTANCES) throw tooMany(`${page.total} task instances`, `${MAX_INSTANCES}`);
  return tasks === null ? page.rows : page.rows.filter((row) => isChosen(tasks, row.task_id, row.map_index));
}

export function idsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return rows.map((row) => row.task_instance_id);
}

export function runIdsOf(rows: readonly TaskInstanceRow[]): readonly string[] {
  return [...new Set(rows.map((row) => row.run_id))];
}

function tooMany(found: string, allowed: string): AppError {
  return new AppError('BAD_REQUEST', `This would change ${found}; one request may change ${allowed}. Name fewer runs or tasks.`);
}
