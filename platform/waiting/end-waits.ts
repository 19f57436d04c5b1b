/** Ends waits: decides what each end means for its task (another try?) and writes it. For triggerer, scheduler and API. */
import { formatDuration } from '#core/duration.ts';
import { MAX_RETRY_DELAY_MS, retryDelayMs } from '#core/retries.ts';
import { softened, type WaiterEnd } from '#core/waiting/waiter.ts';
import type { Queryable } from '#platform/db/client.ts';
import { type RetryFacts, readRetryFacts } from '#platform/db/queries/waiting/read-retry-facts.ts';
import { type Resolution, type Resolved, resolveWaiters } from '#platform/db/queries/waiting/resolve-waiters.ts';
import { retryHash } from '#platform/retry-hash.ts';

export interface EndedWait {
  readonly taskInstanceId: string;
  /** As the waiter has it. */
  readonly leaseEpoch: number;
  readonly end: WaiterEnd;
  readonly softFail: boolean;
  /** Handed back to the body. */
  readonly bodyState: unknown;
  /** What it waited for. */
  readonly words: string;
}

/**
 * `actor`: "triggerer:<id>", "scheduler:<id>", "user:<name>". `maxRetryDelayMs` caps a backoff; whoever ends a wait as failed gives
 * the installation's. A wait missing from the answer had ended before.
 */
export async function endWaits(
  db: Queryable,
  actor: string,
  ended: readonly EndedWait[],
  maxRetryDelayMs: number = MAX_RETRY_DELAY_MS,
): Promise<readonly Resolved[]> {
  if (ended.length === 0) return [];
  const failing = ended.filter(({ end, softFail }) => softened(end, softFail).end === 'fail').map((one) => one.taskInstanceId);
  const facts = failing.length > 0 ? await readRetryFacts(db, failing) : new Map<string, RetryFacts>();
  return resolveWaiters(
    db,
    actor,
    ended.map((one) => resolutionOf(one, facts.get(one.taskInstanceId), maxRetryDelayMs)),
  );
}

/** The same rules as for a body that fails: another try while there is one, after Airflow's delay. */
export function resolutionOf(wait: EndedWait, facts: RetryFacts | undefined, maxDelayMs: number): Resolution {
  const { taskInstanceId, leaseEpoch, bodyState } = wait;
  const end = softened(wait.end, wait.softFail);
  const base = { taskInstanceId, leaseEpoch };
  switch (end.end) {
    case 'wake':
      return {
        ...base,
        event: 'wake',
        reason: `has waited for ${wait.words}`,
        resumed: { event: end.event ?? null, state: bodyState ?? null },
      };
    case 'succeed':
      return {
        ...base,
        event: 'succeed_deferred',
        reason: end.reason ?? null,
        ...(end.value === undefined ? {} : { valueJson: JSON.stringify(end.value) }),
      };
    case 'skip':
      return { ...base, event: 'skip_deferred', reason: end.reason };
    case 'fail': {
      const said = `${end.error.name}: ${end.error.message}`;
      if (!end.retryable || facts === undefined || facts.tryNumber > facts.maxTries)
        return { ...base, event: 'fail_deferred', reason: said };
      const nextTryInMs = retryDelayMs(facts, { tryNumber: facts.tryNumber, hash: retryHash(facts), maxDelayMs });
      const tries = `try ${facts.tryNumber + 1} of ${facts.maxTries + 1} in ${formatDuration(nextTryInMs)}`;
      return { ...base, event: 'retry_deferred', reason: `${said}; ${tries}`, nextTryInMs };
    }
  }
}
