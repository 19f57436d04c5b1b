/** Lets the next run of a stream begin from the start: what may be wished, by the API and the CLI alike. */
import { AppError } from '#core/errors.ts';
import { type ResettableStream, safeRows } from '#core/sync/reset-words.ts';
import type { SyncResetRows } from '#core/sync/sync-report.ts';
import type { Queryable } from '../db/client.ts';
import type { SyncRow } from '../db/queries/sync/list-syncs.ts';
import { askSyncReset, listSyncSharers, withdrawSyncReset } from '../db/queries/sync/write-sync-reset.ts';

/** Null = its destination cannot begin from the start by itself. */
export function resettable({ stream, destination, rows_are: rowsAre, removes }: SyncRow): ResettableStream | null {
  return rowsAre === null || removes === null ? null : { stream, destination, rowsAre, removes };
}

/** What is to become of the rows. Throws CONFLICT or BAD_REQUEST when it may not be wished; changes nothing. */
export async function checkReset(db: Queryable, row: SyncRow, wanted: SyncResetRows | null): Promise<SyncResetRows> {
  const { stream, destination } = row;
  const known = resettable(row);
  if (known === null)
    throw new AppError(
      'CONFLICT',
      `${destination} is a destination of your own that does not say how it begins from the start (resets). Remove the state in it by hand, or sync under another name.`,
    );
  if (row.reset_at !== null)
    throw new AppError(
      'CONFLICT',
      row.reset_taken_at === null
        ? `The next run of "${stream}" begins from the start already, as ${row.reset_by} asked for. Withdraw that first to ask for something else.`
        : `A run has begun to carry out what ${row.reset_by} asked for, and did not come to its end: its retry or the next run will.`,
    );
  const rows = wanted ?? safeRows(known.rowsAre);
  if (rows === null)
    throw new AppError(
      'BAD_REQUEST',
      `"${stream}" only adds rows: what is to become of those in ${destination}? Remove them, or keep them and have what was synced before there twice.`,
    );
  if (rows === 'remove' && known.removes === 'table') {
    const sharers = await listSyncSharers(db, row.sync_id);
    if (sharers.length > 0)
      throw new AppError(
        'CONFLICT',
        `${sharers.map((name) => `"${name}"`).join(', ')} ${sharers.length === 1 ? 'goes' : 'go'} to ${destination}, too, and would not bring back the rows that are removed. Keep the rows, or remove those of "${stream}" by hand.`,
      );
  }
  return rows;
}

/** Throws as `checkReset` does. The caller writes the audit log in the same transaction. */
export async function askReset(tx: Queryable, row: SyncRow, wanted: SyncResetRows | null, by: string): Promise<SyncResetRows> {
  const rows = await checkReset(tx, row, wanted);
  if (!(await askSyncReset(tx, { syncId: row.sync_id, rows, by })))
    throw new AppError('CONFLICT', `Somebody else has just asked for a reset of "${row.stream}". Look what it is, and withdraw it first.`);
  return rows;
}

/** Throws CONFLICT when there is nothing to withdraw any more. */
export async function withdrawReset(tx: Queryable, { sync_id: syncId, stream }: SyncRow, by: string): Promise<void> {
  if (!(await withdrawSyncReset(tx, syncId, by)))
    throw new AppError('CONFLICT', `No reset of "${stream}" waits: none was asked for, or a run has begun to carry it out.`);
}
