/** Answers what a task that syncs reports: it is written down, and a wish to begin from the start is handed to it. */
import { AppError } from '#core/errors.ts';
import type { RequestBody } from '#core/task-protocol.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { finishSyncReset } from '#platform/db/queries/sync/finish-sync-reset.ts';
import { noteSyncProgress } from '#platform/db/queries/sync/note-sync-progress.ts';
import { openSync } from '#platform/db/queries/sync/open-sync.ts';
import type { Masker } from '#platform/mask.ts';

export type SyncingTask = Pick<Claimed, 'attemptId' | 'taskInstanceId' | 'leaseEpoch' | 'dagId' | 'runId' | 'taskId' | 'mapIndex'>;
type SyncRequest = Extract<RequestBody, { what: 'sync_open' | 'sync_progress' | 'sync_reset_done' }>;

/** Throws CONFLICT when the lease is lost, or another attempt has taken the reset over: whoever goes on without it would move rows beside its successor. */
export async function answerSync(
  { db, masker }: { readonly db: Queryable; readonly masker: Masker },
  claimed: Partial<SyncingTask>,
  body: SyncRequest,
): Promise<unknown> {
  if (claimed.attemptId === undefined || claimed.taskInstanceId === undefined)
    throw new AppError('BAD_REQUEST', 'A callback syncs nothing: only the body of a task does.');
  const task = claimed as SyncingTask;
  const answer = await write(db, task, masked(body, masker));
  if (answer !== null) return answer;
  const isReset = body.what === 'sync_reset_done';
  throw new AppError(
    'CONFLICT',
    isReset
      ? 'The attempt has lost its lease, or another one that syncs the same stream was told to reset it, too. The next try goes on from what is there.'
      : 'The attempt has lost its lease: what it reports of its sync is not written.',
  );
}

/** A state may hold the address of a next page with a key in it. Names of places say which stream it is: they stay as they are. */
function masked(body: SyncRequest, masker: Masker): SyncRequest {
  if (body.what !== 'sync_progress') return body;
  const { before, state } = body;
  return { ...body, ...(before !== undefined && { before: masker.maskDeep(before) }), state: masker.maskDeep(state) };
}

/** Null = the lease is lost. */
function write(db: Queryable, task: SyncingTask, body: SyncRequest): Promise<unknown> {
  switch (body.what) {
    case 'sync_open':
      return openSync(db, task, body);
    case 'sync_progress':
      return noteSyncProgress(db, task, body);
    case 'sync_reset_done':
      return finishSyncReset(db, task, body);
  }
}
