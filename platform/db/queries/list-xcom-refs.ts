/**
 * listXcomRefs
 *   who:   the collector of the XCom backend
 *   locks: nothing
 *   zero rows: these runs are deleted, or keep nothing in the backend
 * Hashes of frames stand in the values themselves. A value that lies in the backend is not looked into: then all frames of its run are kept.
 */
import type { Kept } from '#platform/xcom/backend.ts';
import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'list_xcom_refs',
  text: `
select ti.dag_run_id as "dagRunId", coalesce(array_agg(x.hash) filter (where x.hash is not null), '{}') as hashes,
       coalesce(array_agg(f.hash) filter (where f.hash is not null), '{}') as frames
  from task_instance ti
  join xcom x on x.task_instance_id = ti.task_instance_id
  left join lateral (select h #>> '{}' as hash from jsonb_path_query(x.value, 'lax $.**.sha256') h where x.hash is null) f on true
 where ti.dag_run_id = any($1::uuid[]) and (x.hash is not null or f.hash is not null)
 group by ti.dag_run_id`,
};

export async function listXcomRefs(db: Queryable, dagRunIds: readonly string[]): Promise<ReadonlyMap<string, Kept>> {
  const { rows } = await db.query<{ dagRunId: string; hashes: string[]; frames: string[] }>(STATEMENT, [dagRunIds]);
  return new Map(
    rows.map(({ dagRunId, hashes, frames }) => [dagRunId, { values: new Set(hashes), frames: hashes.length > 0 ? null : new Set(frames) }]),
  );
}
