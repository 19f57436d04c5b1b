/** Reads the newest runs of each of some DAGs, oldest first. Called by the DAG list and the grid. */
import type { Queryable } from '../../client.ts';
import { DAG_RUN_COLUMNS, type DagRunRow } from '../api/dag-run-row.ts';

const LIST_RECENT_RUNS = {
  name: 'list_recent_runs',
  text: `select ${DAG_RUN_COLUMNS}
           from unnest($1::text[]) as wanted(dag_id)
          cross join lateral (select * from dag_run where dag_run.dag_id = wanted.dag_id
                               order by run_after desc, dag_run_id desc limit $2) r
           join dag_version v on v.version_id = r.version_id
          order by r.dag_id, r.run_after, r.dag_run_id`,
};

/** At most `perDag` runs of each DAG. */
export async function listRecentRuns(db: Queryable, dagIds: readonly string[], perDag: number): Promise<readonly DagRunRow[]> {
  return (await db.query<DagRunRow>(LIST_RECENT_RUNS, [dagIds, perDag])).rows;
}
