/** Attempts whose worker is gone: another try by the same rule as after any failure, or the end. */

import { retryDelayMs } from '#core/retries.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findExpiredLeases } from '#platform/db/queries/find-expired-leases.ts';
import { type Rescued, rescueExpiredLeases } from '#platform/db/queries/rescue-expired-leases.ts';
import { probe } from '#platform/probes/probe.ts';
import { retryHash } from '#platform/retry-hash.ts';

export interface Rescue {
  readonly shards: readonly number[];
  /** The instances believed in flight; absent = all. */
  readonly ids?: readonly string[];
  readonly graceMs: number;
  readonly owner: string;
  /** Cap of every backoff. */
  readonly maxRetryDelayMs: number;
}

/** What was found is looked at again under its lock, by its epoch: nothing lives on that was rescued meanwhile. */
export async function rescueLostAttempts(db: Queryable, rescue: Rescue): Promise<readonly Rescued[]> {
  const { shards, ids = null, graceMs, owner, maxRetryDelayMs: maxDelayMs } = rescue;
  const found = await findExpiredLeases(db, { shards, ids, graceMs });
  if (found.length === 0) return [];
  probe('rescue.after_select');
  const timed = found.map((lease) => ({
    id: lease.id,
    leaseEpoch: lease.leaseEpoch,
    nextTryInMs: retryDelayMs(lease, { tryNumber: lease.tryNumber, hash: retryHash(lease), maxDelayMs }),
  }));
  const rescued = await rescueExpiredLeases(db, timed, { graceMs, owner });
  probe('rescue.after_commit');
  return rescued;
}
