/**
 * listXcomRefs
 *   who:   the collector of the XCom backend
 *   locks: nothing
 *   zero rows: these runs are deleted, or keep nothing in the backend
 */
import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'list_xcom_refs',
  text: `
select ti.dag_run_id as "dagRunId", array_agg(x.hash) as hashes
  from task_instance ti join xcom x on x.task_instance_id = ti.task_instance_id and x.hash is not null
 where ti.dag_run_id = any($1::uuid[])
 group by ti.dag_run_id`,
};

export async function listXcomRefs(db: Queryable, dagRunIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await db.query<{ dagRunId: string; hashes: string[] }>(STATEMENT, [dagRunIds]);
  return new Map(rows.map((row) => [row.dagRunId, new Set(row.hashes)]));
}
