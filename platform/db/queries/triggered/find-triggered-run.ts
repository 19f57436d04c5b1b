import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

export interface TriggeredRun {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly state: DagRunState;
  readonly versionId: string;
  readonly params: unknown;
  /** Null = a person or a timetable made it. */
  readonly triggeringInstanceId: string | null;
}

const COLUMNS = `dag_run_id as "dagRunId", dag_id as "dagId", run_id as "runId", state, version_id as "versionId", params,
  triggering_instance_id as "triggeringInstanceId"`;

const OWN = {
  name: 'find_own_triggered_run',
  text: `select ${COLUMNS} from dag_run
          where triggering_instance_id = $1 and triggering_clear_number = $2 and dag_id = $3 order by dag_run_id desc limit 1`,
};

/** The newest run that this instance triggered since it was last cleared. Called by a worker. Null = none yet. */
export async function findOwnTriggeredRun(
  db: Queryable,
  by: { readonly taskInstanceId: string; readonly clearNumber: number; readonly dagId: string },
): Promise<TriggeredRun | null> {
  return (await db.query<TriggeredRun>(OWN, [by.taskInstanceId, by.clearNumber, by.dagId])).rows[0] ?? null;
}

const EXISTING = {
  name: 'find_run_in_the_way',
  text: `select ${COLUMNS} from dag_run where dag_id = $1 and (run_id = $2 or logical_date = $3) order by (run_id = $2) desc limit 1 for update`,
};

/** The run that has this id or this logical date already. Called by a worker that wants to trigger it. Locks the run. */
export async function findRunInTheWay(
  tx: Queryable,
  wanted: { readonly dagId: string; readonly runId: string; readonly logicalDate: Date | null },
): Promise<TriggeredRun | null> {
  return (await tx.query<TriggeredRun>(EXISTING, [wanted.dagId, wanted.runId, wanted.logicalDate])).rows[0] ?? null;
}

const BY_ID = { name: 'find_run_by_run_id', text: `select ${COLUMNS} from dag_run where dag_id = $1 and run_id = $2` };

/** Called by a worker, for the output of a run that its task triggered. Null = it was deleted. */
export async function findRunByRunId(db: Queryable, dagId: string, runId: string): Promise<TriggeredRun | null> {
  return (await db.query<TriggeredRun>(BY_ID, [dagId, runId])).rows[0] ?? null;
}
