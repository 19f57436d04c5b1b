/** Reads what the attempts of an instance synced, the newest attempt first. Called by the instance page. */
import type { Queryable } from '../../client.ts';

const LIST_SYNCS_OF = {
  name: 'list_syncs_of',
  text: `select a.try_number, s.sync_id, s.stream, s.source, s.destination, s.removes, x.state_before, x.state_before is not null as has_begun, x.state_after, x.rows, x.pages, x.removed,
                r.rows as reset_rows, r.requested_by as reset_by, r.removed as reset_removed
           from task_attempt a join sync_attempt x using (attempt_id) join sync_stream s using (sync_id)
           left join sync_reset r on r.sync_id = s.sync_id and r.attempt_id = x.attempt_id and r.done_at is not null
          where a.task_instance_id = $1
          order by a.lease_epoch desc, s.stream, s.sync_id limit 1000`,
};

export interface SyncOfInstanceRow {
  readonly try_number: number;
  readonly sync_id: number;
  readonly stream: string;
  readonly source: string;
  readonly destination: string;
  readonly removes: 'table' | 'files' | null;
  /** False = it did not get so far as to know where it goes on. */
  readonly has_begun: boolean;
  /** Null = from the start. */
  readonly state_before: unknown;
  readonly state_after: unknown;
  readonly rows: number;
  readonly pages: number;
  readonly removed: number | null;
  /** This attempt began it from the start, as somebody wanted. */
  readonly reset_rows: 'keep' | 'remove' | null;
  readonly reset_by: string | null;
  readonly reset_removed: number | null;
}

/** Zero rows: it syncs nothing, or has not begun to. */
export async function listSyncsOf(db: Queryable, taskInstanceId: string): Promise<readonly SyncOfInstanceRow[]> {
  return (await db.query<SyncOfInstanceRow>(LIST_SYNCS_OF, [taskInstanceId])).rows;
}
