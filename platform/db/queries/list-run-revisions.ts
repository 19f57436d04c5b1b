import type { Queryable } from '../client.ts';

const STATEMENT = {
  name: 'list_run_revisions',
  text: `select dag_run_id as "dagRunId", dag_id as "dagId", revision from dag_run where state in ('queued', 'running') and shard = any($1::smallint[])`,
};

/** listRunRevisions    who: scheduler's sweep, to notice runs created or changed without a doorbell. Reads only. */
export async function listRunRevisions(
  db: Queryable,
  shards: readonly number[],
): Promise<readonly { readonly dagRunId: string; readonly dagId: string; readonly revision: number }[]> {
  return (await db.query<{ dagRunId: string; dagId: string; revision: number }>(STATEMENT, [shards])).rows;
}
