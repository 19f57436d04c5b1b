import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'list_run_revisions',
  text: `select dag_run_id as "dagRunId", dag_id as "dagId", revision from dag_run where state in ('queued', 'running') and shard = any($1::smallint[]) and ($2::text[] is null or dag_id = any($2))`,
};

/**
 * listRunRevisions    who: scheduler's sweep, to notice runs created or changed without a doorbell; and of some DAGs, to
 * read only those of their runs that are new or changed. Reads only.
 */
export async function listRunRevisions(
  db: Queryable,
  shards: readonly number[],
  dagIds: readonly string[] | null = null,
): Promise<readonly { readonly dagRunId: string; readonly dagId: string; readonly revision: number }[]> {
  return (await db.query<{ dagRunId: string; dagId: string; revision: number }>(STATEMENT, [shards, dagIds])).rows;
}
