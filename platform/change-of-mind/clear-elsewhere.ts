/** Which instances of other DAGs are cleared along, because a cleared task has a marker of them. Reads only. */
import { tasksToClear } from '#core/affected-tasks.ts';
import type { DagSpec } from '#core/dag-spec.ts';
import { type ClearedTasks, followMarkers, type MarkedTask } from '#core/external-task-markers.ts';
import type { Queryable } from '../db/client.ts';
import { listDagRuns } from '../db/queries/api/list-dag-runs.ts';
import type { TaskInstanceRow } from '../db/queries/api/task-instance-row.ts';
import { chooseInstances } from './choose.ts';
import { requireDagVersion } from './lookups.ts';

/** `states` null = any. A DAG, run or task that is not there has nothing to clear. Throws BAD_REQUEST (too deep, too much). */
export async function chooseElsewhere(
  db: Queryable,
  cleared: readonly TaskInstanceRow[],
  states: readonly string[] | null,
): Promise<readonly TaskInstanceRow[]> {
  const specOf = readSpecs(db);
  const found = new Map<string, TaskInstanceRow>();
  const own = new Set(cleared.map((row) => row.task_instance_id));
  const start: ClearedTasks[] = [];
  for (const rows of Map.groupBy(cleared, (row) => row.dag_run_id).values()) start.push(await clearedTasks(specOf, rows, null));
  const following = followMarkers(start);
  for (let step = following.next(); !step.done; ) {
    const reached: ClearedTasks[] = [];
    for (const task of step.value) {
      const rows = await instancesOf(db, specOf, task, states);
      for (const row of rows) if (!own.has(row.task_instance_id)) found.set(row.task_instance_id, row);
      if (rows.length > 0) reached.push(await clearedTasks(specOf, rows, task.depthLeft));
    }
    step = following.next(reached);
  }
  return [...found.values()];
}

/** `rows`: of one run, at least one. */
async function clearedTasks(specOf: SpecReader, rows: readonly TaskInstanceRow[], depthLeft: number | null): Promise<ClearedTasks> {
  const { dag_id: dagId, logical_date: logicalDate, version_number: version } = rows[0] as TaskInstanceRow;
  return { dagId, logicalDate, tasks: (await specOf(dagId, version)).tasks, cleared: rows.map((row) => row.task_id), depthLeft };
}

async function instancesOf(
  db: Queryable,
  specOf: SpecReader,
  { dagId, taskId, logicalDate }: MarkedTask,
  states: readonly string[] | null,
): Promise<readonly TaskInstanceRow[]> {
  const filters = [
    { field: 'dag_id', operator: 'eq', value: dagId },
    { field: 'logical_date', operator: 'eq', value: logicalDate },
  ] as const;
  const [run] = (await listDagRuns(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows;
  if (run === undefined) return [];
  const spec = await specOf(dagId, run.version_number);
  if (!spec.tasks.some((task) => task.taskId === taskId)) return [];
  const tasks = tasksToClear(spec, [{ taskId }], { upstream: false, downstream: true });
  return chooseInstances(db, [run], { tasks, states });
}

type SpecReader = (dagId: string, version: number) => Promise<DagSpec>;

/** Each version once, however many runs are of it. */
function readSpecs(db: Queryable): SpecReader {
  const read = new Map<string, DagSpec>();
  return async (dagId, version) => {
    const key = `${dagId}/${version}`;
    const known = read.get(key) ?? (await requireDagVersion(db, dagId, version)).spec;
    read.set(key, known);
    return known;
  };
}
