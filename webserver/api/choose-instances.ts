/** Which task instances a clear or a mark touches: tasks with their upstream or downstream, in one run or several. */
import { closure, downstreamOf, type UpstreamMap } from '#core/dag-graph.ts';
import type { TaskSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { withSetupsAndTeardowns } from '#core/setup-teardown.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter } from '#platform/db/list-query.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { listDagRuns } from '#platform/db/queries/api/list-dag-runs.ts';
import { listTaskInstances } from '#platform/db/queries/api/list-task-instances.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';

/** One request changes so much at most: it is one transaction that locks every row. */
const MAX_INSTANCES = 20_000;
const MAX_RUNS = 1_000;

export interface TaskChoice {
  readonly taskId: string;
  /** Undefined = all instances of the task. */
  readonly mapIndex?: number | undefined;
}

export interface Neighbours {
  readonly include_upstream: boolean;
  readonly include_downstream: boolean;
}

/**
 * What is cleared with the chosen tasks: their neighbours, and the setups and teardowns that go with them; null = all
 * tasks. Throws NOT_FOUND for a task the DAG does not have.
 */
export function chooseTasksToClear(
  tasks: readonly TaskSpec[],
  choices: readonly TaskChoice[] | null,
  neighbours: Neighbours,
): readonly TaskChoice[] | null {
  const chosen = chooseTasks(tasks, choices, neighbours);
  if (choices === null || chosen === null) return null;
  const around = { upstream: neighbours.include_upstream, downstream: neighbours.include_downstream };
  const all = withSetupsAndTeardowns(
    tasks,
    choices.map((choice) => choice.taskId),
    around,
  );
  for (const { taskId } of chosen) all.delete(taskId);
  return [...chosen, ...[...all].map((taskId) => ({ taskId }))];
}

/** The chosen tasks with their neighbours; null = all tasks. Throws NOT_FOUND for a task the DAG does not have. */
export function chooseTasks(
  tasks: readonly TaskSpec[],
  choices: readonly TaskChoice[] | null,
  neighbours: Neighbours,
): readonly TaskChoice[] | null {
  if (choices === null) return null;
  const upstream: UpstreamMap = new Map(tasks.map((task) => [task.taskId, task.upstream]));
  for (const { taskId } of choices)
    if (!upstream.has(taskId)) throw new AppError('NOT_FOUND', `Task with id ${taskId} was not found. The DAG's tasks: ${namesOf(tasks)}.`);
  const start = choices.map((choice) => choice.taskId);
  const around = new Set([
    ...(neighbours.include_upstream ? closure(upstream, start) : []),
    ...(neighbours.include_downstream ? closure(downstreamOf(upstream), start) : []),
  ]);
  return [...choices, ...[...around].filter((taskId) => !start.includes(taskId)).map((taskId) => ({ taskId }))];
}

export interface RunChoice {
  readonly dagId: string;
  /** One run; with past or future, also the runs of earlier or later logical dates. */
  readonly run: DagRunRow | null;
  readonly includePast: boolean;
  readonly includeFuture: boolean;
  /** Bounds of the logical date, when no run is given. */
  readonly from: Date | null;
  readonly to: Date | null;
}

export async function chooseRuns(db: Queryable, choice: RunChoice): Promise<readonly DagRunRow[]> {
  const { run } = choice;
  if (run !== null && !choice.includePast && !choice.includeFuture) return [run];
  const from = run === null ? choice.from : choice.includePast ? null : (run.logical_date ?? run.run_after);
  const to = run === null ? choice.to : choice.includeFuture ? null : (run.logical_date ?? run.run_after);
  const field = run !== null && run.logical_date === null ? 'run_after' : 'logical_date';
  const filters: Filter[] = [{ field: 'dag_id', operator: 'eq', value: choice.dagId }];
  if (from !== null) filters.push({ field, operator: 'gte', value: from });
  if (to !== null) filters.push({ field, operator: 'lte', value: to });
  const page = await listDagRuns(db, { filters, orderBy: [], limit: MAX_RUNS, offset: 0 });
  if (page.total > MAX_RUNS) throw tooMany(`${page.total} runs`, `${MAX_RUNS} runs`);
  return page.rows;
}

/** The instances of the chosen tasks in the chosen runs that are in one of `states` (null = any but removed). */
export async function chooseInstances(
  db: Queryable,
  runs: readonly DagRunRow[],
  choice: { readonly tasks: readonly TaskChoice[] | null; readonly states: readonly string[] | null },
): Promise<readonly TaskInstanceRow[]> {
  if (runs.length === 0) return [];
  const filters: Filter[] = [
    { field: 'dag_id', operator: 'eq', value: runs[0]!.dag_id },
    { field: 'run_id', operator: 'any', value: runs.map((run) => run.run_id) },
    choice.states === null
      ? { field: 'state', operator: 'none_of', value: ['removed'] }
      : { field: 'state', operator: 'any', value: choice.states },
  ];
  if (choice.tasks !== null) filters.push({ field: 'task_id', operator: 'any', value: choice.tasks.map((task) => task.taskId) });
  const page = await listTaskInstances(db, { filters, orderBy: [], limit: MAX_INSTANCES, offset: 0 });
  if (page.total > MAX_INSTANCES) throw tooMany(`${page.total} task instances`, `${MAX_INSTANCES}`);
  const { tasks } = choice;
  if (tasks === null) return page.rows;
  return page.rows.filter((row) =>
    tasks.some((task) => task.taskId === row.task_id && (task.mapIndex === undefined || task.mapIndex === row.map_index)),
  );
}

function tooMany(found: string, allowed: string): AppError {
  return new AppError('BAD_REQUEST', `This would change ${found}; one request may change ${allowed}. Name fewer runs or tasks.`);
}

function namesOf(tasks: readonly TaskSpec[]): string {
  const names = tasks.slice(0, 10).map((task) => task.taskId);
  return names.join(', ') + (tasks.length > names.length ? ', …' : '');
}
