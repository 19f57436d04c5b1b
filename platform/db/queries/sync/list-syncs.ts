/** Reads what is known of streams: how far each came, its last attempt, and a wish to begin from the start. Called by the API, the pages and the CLI. */
import type { SyncRemoves, SyncResetRows, SyncRowsAre } from '#core/sync/sync-report.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

/** Of an attempt, as its page calls it; null = it is gone with its run. */
export type SyncState = 'running' | 'success' | 'failed';

export interface SyncRow {
  readonly sync_id: number;
  readonly dag_id: string;
  readonly is_paused: boolean;
  readonly task_id: string;
  readonly stream: string;
  readonly source: string;
  readonly destination: string;
  /** Both null = its destination cannot begin from the start by itself. */
  readonly rows_are: SyncRowsAre | null;
  readonly removes: SyncRemoves | null;
  /** Where the next run goes on; null = at the start. */
  readonly state: unknown;
  readonly rows_total: number;
  readonly updated_at: Date;
  readonly last_state: SyncState | null;
  readonly last_run_id: string | null;
  readonly last_map_index: number | null;
  readonly last_try_number: number | null;
  readonly last_rows: number | null;
  readonly last_pages: number | null;
  readonly last_removed: number | null;
  readonly last_at: Date | null;
  readonly last_ended_at: Date | null;
  readonly last_error: string | null;
  readonly reset_rows: SyncResetRows | null;
  readonly reset_by: string | null;
  readonly reset_at: Date | null;
  /** An attempt has begun to carry it out. */
  readonly reset_taken_at: Date | null;
  /** Streams that have come to the same table since: it is not carried out while they are there. */
  readonly reset_held_by: readonly string[];
  /** The last that was carried out. */
  readonly was_reset_at: Date | null;
}

/** How an attempt ended that left no error of its own. */
const ENDS = `case a.outcome when 'lost' then 'its worker was lost' when 'killed' then 'it was stopped' when 'handed_back' then 'it was handed back' end`;

const STATE = `case when a.attempt_id is null then null when a.outcome is null then 'running' when a.outcome = 'success' then 'success' else 'failed' end`;

const SELECT = `s.sync_id, s.dag_id, d.is_paused, s.task_id, s.stream, s.source, s.destination, s.rows_are, s.removes, s.state, s.rows_total, s.updated_at,
  ${STATE} as last_state, a.run_id as last_run_id, a.map_index as last_map_index, a.try_number as last_try_number, a.rows as last_rows,
  a.pages as last_pages, a.removed as last_removed, a.opened_at as last_at, a.ended_at as last_ended_at,
  coalesce(a.error ->> 'message', ${ENDS}) as last_error,
  w.rows as reset_rows, w.requested_by as reset_by, w.requested_at as reset_at, w.taken_at as reset_taken_at,
  case when w.rows = 'remove' and s.removes = 'table' and w.taken_at is null
       then array(select distinct o.stream from sync_stream o where o.destination = s.destination and o.stream <> s.stream order by 1 limit 5)
       else '{}' end as reset_held_by,
  (select max(done_at) from sync_reset o where o.sync_id = s.sync_id) as was_reset_at`;

const SOURCE: ListSource = {
  name: 'list_syncs',
  select: SELECT,
  from: `sync_stream s join dag d using (dag_id)
  left join lateral (
    select sa.attempt_id, sa.rows, sa.pages, sa.removed, sa.opened_at, t.outcome, t.ended_at, t.error, t.try_number, ti.map_index, r.run_id
      from sync_attempt sa join task_attempt t using (attempt_id) join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)
     where sa.sync_id = s.sync_id order by sa.opened_at desc limit 1) a on true
  left join sync_reset w on w.sync_id = s.sync_id and w.done_at is null and w.withdrawn_at is null`,
  fields: {
    sync_id: 's.sync_id',
    dag_id: 's.dag_id',
    task_id: 's.task_id',
    stream: 's.stream',
    source: 's.source',
    destination: 's.destination',
    search: `(lower(s.stream || ' ' || s.dag_id || '.' || s.task_id || ' ' || s.source || ' ' || s.destination))`,
    rows_total: 's.rows_total',
    state: `(${STATE})`,
    last_at: 'a.opened_at',
    updated_at: 's.updated_at',
    is_reset_pending: '(w.reset_id is not null)',
  },
  tieBreak: 's.sync_id',
};

export function listSyncs(db: Queryable, request: ListRequest): Promise<ListPage<SyncRow>> {
  return readList(db, SOURCE, request);
}

/** Null = there is no such stream. */
export async function findSync(db: Queryable, syncId: number): Promise<SyncRow | null> {
  const filters = [{ field: 'sync_id', operator: 'eq' as const, value: syncId }];
  return (await listSyncs(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0] ?? null;
}
