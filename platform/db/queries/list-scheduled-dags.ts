import type { Queryable } from '../client.ts';

export interface ScheduledDag {
  readonly dagId: string;
  readonly shard: number;
  readonly isPaused: boolean;
  readonly isStale: boolean;
  readonly versionId: string | null;
  readonly firstSeenAt: Date;
  /** When it was last unpaused, or first seen. */
  readonly activeSince: Date;
  readonly revision: number;
  readonly nextRunAfter: Date | null;
  /** Logical date of the newest run the timetable made; one that a backfill runs again counts as well. */
  readonly lastLogicalDate: Date | null;
}

const STATEMENT = {
  name: 'list_scheduled_dags',
  text: `
select d.dag_id as "dagId", d.shard, d.is_paused as "isPaused", d.is_stale as "isStale", d.version_id as "versionId",
       d.first_seen_at as "firstSeenAt", coalesce(d.active_since, d.first_seen_at) as "activeSince", d.revision, d.next_run_after as "nextRunAfter",
       (select max(r.logical_date) from dag_run r where r.dag_id = d.dag_id and (r.run_type = 'scheduled' or r.triggered_by = 'timetable')) as "lastLogicalDate"
  from dag d
 where d.shard = any($1::smallint[]) and ($2::text[] is null or d.dag_id = any($2))`,
};

/**
 * listScheduledDags    who: scheduler, for the shards it owns: all of them after a take-over, some after a change.
 * Reads only. A DAG missing from the answer was deleted.
 */
export async function listScheduledDags(
  db: Queryable,
  shards: readonly number[],
  dagIds: readonly string[] | null,
): Promise<readonly ScheduledDag[]> {
  return (await db.query<ScheduledDag>(STATEMENT, [shards, dagIds])).rows;
}

const REVISIONS = { name: 'list_dag_revisions', text: 'select dag_id as "dagId", revision from dag where shard = any($1::smallint[])' };

/** listDagRevisions    who: scheduler's sweep, to notice what no doorbell told. Reads only. */
export async function listDagRevisions(
  db: Queryable,
  shards: readonly number[],
): Promise<readonly { readonly dagId: string; readonly revision: number }[]> {
  return (await db.query<{ dagId: string; revision: number }>(REVISIONS, [shards])).rows;
}
