/** Which task triggered a run, and which runs a task triggered. Called by pages; reads only. */
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

export interface TriggeredRunLink {
  readonly dagId: string;
  readonly runId: string;
  readonly state: DagRunState;
}

const LIST = {
  name: 'ui_list_triggered_runs',
  text: `select dag_id as "dagId", run_id as "runId", state from dag_run where triggering_instance_id = $1 order by dag_run_id desc limit 20`,
};

/** The newest first. Zero rows = it has triggered none. */
export async function listTriggeredRuns(db: Queryable, taskInstanceId: string): Promise<readonly TriggeredRunLink[]> {
  return (await db.query<TriggeredRunLink>(LIST, [taskInstanceId])).rows;
}

export interface TriggeringTaskLink {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}

const FIND = {
  name: 'ui_find_triggering_task',
  text: `
select p.dag_id as "dagId", p.run_id as "runId", ti.task_id as "taskId", ti.map_index as "mapIndex"
  from dag_run r join task_instance ti on ti.task_instance_id = r.triggering_instance_id join dag_run p on p.dag_run_id = ti.dag_run_id
 where r.dag_run_id = $1`,
};

/** Null = no task triggered it, or its run was deleted. */
export async function findTriggeringTask(db: Queryable, dagRunId: string): Promise<TriggeringTaskLink | null> {
  return (await db.query<TriggeringTaskLink>(FIND, [dagRunId])).rows[0] ?? null;
}
