import type { SyncResetRows } from '#core/sync/sync-report.ts';
import type { Queryable } from '../../client.ts';

/** Streams by other names into the same table: their states say that rows are there which would be gone. */
const SHARERS = {
  name: 'list_sync_sharers',
  text: `select distinct o.stream from sync_stream s join sync_stream o on o.destination = s.destination and o.stream <> s.stream
          where s.sync_id = $1 order by 1 limit 5`,
};

/** listSyncSharers    who: API and CLI, before rows are to be removed. Reads only. */
export async function listSyncSharers(db: Queryable, syncId: number): Promise<readonly string[]> {
  return (await db.query<{ stream: string }>(SHARERS, [syncId])).rows.map((row) => row.stream);
}

const ASK = {
  name: 'ask_sync_reset',
  text: `insert into sync_reset (sync_id, rows, requested_by) values ($1, $2, $3)
         on conflict (sync_id) where done_at is null and withdrawn_at is null do nothing`,
};

/** askSyncReset    who: API and CLI, in a transaction with the audit log. Inserts a wish. False = the stream has an open one. */
export async function askSyncReset(
  tx: Queryable,
  wish: { readonly syncId: number; readonly rows: SyncResetRows; readonly by: string },
): Promise<boolean> {
  return (await tx.query(ASK, [wish.syncId, wish.rows, wish.by])).rowCount === 1;
}

const WITHDRAW = {
  name: 'withdraw_sync_reset',
  text: `update sync_reset set withdrawn_at = clock_timestamp(), withdrawn_by = $2
          where sync_id = $1 and done_at is null and withdrawn_at is null and taken_at is null`,
};

/** withdrawSyncReset    who: API and CLI, in a transaction with the audit log. Locks the wish. False = none is open, or an attempt was told. */
export async function withdrawSyncReset(tx: Queryable, syncId: number, by: string): Promise<boolean> {
  return (await tx.query(WITHDRAW, [syncId, by])).rowCount === 1;
}
