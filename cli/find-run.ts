/** Which run is meant: by its id alone where that is enough, with its DAG's id before it where it is not. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import { findDag } from '#platform/db/queries/api/find-dag.ts';
import { listDagRuns } from '#platform/db/queries/api/list-dag-runs.ts';
import { equal, listRequest, requireRun } from './list-request.ts';

export interface RunAndTask {
  readonly run: DagRunRow;
  /** Null: all of the run is meant. */
  readonly taskId: string | null;
}

const NAMED_MAX = 5;

/** RUN, RUN TASK, DAG RUN or DAG RUN TASK. Throws DAG_RUN_NOT_FOUND, or BAD_REQUEST when several runs have the id. */
export async function findRunAndTask(db: Queryable, ids: readonly string[]): Promise<RunAndTask> {
  const [first, second, third, ...more] = ids;
  if (first === undefined || more.length > 0) throw new AppError('BAD_REQUEST', 'Give a run id and a task id: windlass why RUN_ID TASK_ID');
  if (second !== undefined && third !== undefined) return { run: await requireRun(db, first, second), taskId: third };
  const runs = (await listDagRuns(db, listRequest([equal('run_id', first)], 'dag_id', NAMED_MAX))).rows;
  if (runs.length === 1) return { run: runs[0] as DagRunRow, taskId: second ?? null };
  if (runs.length > 1)
    throw new AppError(
      'BAD_REQUEST',
      `The runs of several DAGs are called ${first}: ${runs.map((run) => run.dag_id).join(', ')}. Put the DAG's id first: windlass why ${runs[0]?.dag_id} ${first} …`,
    );
  if (second !== undefined && (await findDag(db, first)) !== null) return { run: await requireRun(db, first, second), taskId: null };
  throw new AppError('DAG_RUN_NOT_FOUND', `There is no run ${JSON.stringify(first)}. See: windlass dags list-runs DAG_ID`);
}
