/** Reads backfills. Called by the API, the pages and the CLI. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { BACKFILL_COLUMNS, BACKFILL_FROM, type BackfillRow } from './backfill-row.ts';

const SOURCE: ListSource = {
  name: 'list_backfills',
  select: BACKFILL_COLUMNS,
  from: BACKFILL_FROM,
  fields: { id: 'b.backfill_id', dag_id: 'b.dag_id', is_active: '(b.completed_at is null)' },
  tieBreak: 'b.backfill_id',
};

export function listBackfills(db: Queryable, request: ListRequest): Promise<ListPage<BackfillRow>> {
  return readList(db, SOURCE, request);
}

const FIND_BACKFILL = { name: 'find_backfill', text: `select ${BACKFILL_COLUMNS} from ${BACKFILL_FROM} where b.backfill_id = $1` };

/** Null = no such backfill. */
export async function findBackfill(db: Queryable, backfillId: number): Promise<BackfillRow | null> {
  return (await db.query<BackfillRow>(FIND_BACKFILL, [backfillId])).rows[0] ?? null;
}
