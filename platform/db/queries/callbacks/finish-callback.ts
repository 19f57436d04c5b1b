import type { CallbackState } from '#core/callbacks.ts';
import type { ErrorReport } from '#core/task-protocol.ts';
import type { Queryable } from '../../client.ts';

export interface FinishedCallback {
  readonly workerId: string;
  readonly callbackId: string;
  readonly tries: number;
  readonly state: Exclude<CallbackState, 'running'>;
  readonly failure: ErrorReport | null;
  /** pending: not before so long from now. */
  readonly nextTryInMs: number;
  /** It was not the call's fault (the worker stops): the try does not count. */
  readonly isHandedBack: boolean;
}

const STATEMENT = {
  name: 'finish_callback',
  text: `
update callback_request
   set state = $4, lease_owner = null, failure = coalesce($5::jsonb, case when $4 = 'success' then null else failure end),
       next_try_at = clock_timestamp() + $6 * interval '1 millisecond', tries = tries - case when $7 then 1 else 0 end,
       ended_at = case when $4 in ('success', 'failed') then clock_timestamp() end
 where callback_id = $2 and tries = $3 and state = 'running' and lease_owner = $1
returning callback_id`,
};

/**
 * finishCallback    who: worker, when a call has ended. Locks the row. False = the lease was lost: somebody else makes the
 * call again, under the same idempotency key.
 */
export async function finishCallback(db: Queryable, finished: FinishedCallback): Promise<boolean> {
  const { workerId, callbackId, tries, state, failure, nextTryInMs, isHandedBack } = finished;
  const result = await db.query(STATEMENT, [
    workerId,
    callbackId,
    tries,
    state,
    failure === null ? null : JSON.stringify(failure),
    nextTryInMs,
    isHandedBack,
  ]);
  return result.rows.length > 0;
}
