/** When the next try may start. Airflow's formula, with its deterministic jitter. */

const MAX_DELAY_MS = 86_400_000;

export interface RetryRule {
  readonly retryDelayMs: number;
  readonly retryExponentialBackoff: number;
  readonly maxRetryDelayMs: number | null;
}

/**
 * Returns the wait in milliseconds after try `tryNumber` (1 = the first) failed.
 * With backoff m > 1: min = ceil(delay * m^(try-1)); wait = min + (jitter mod min), capped by
 * `maxRetryDelayMs` and by one day. `jitterSeed` is any stable number of this try (a hash of its key), so
 * that every scheduler computes the same instant.
 */
export function retryDelayMs(rule: RetryRule, tryNumber: number, jitterSeed: number): number {
  const cap = Math.min(rule.maxRetryDelayMs ?? MAX_DELAY_MS, MAX_DELAY_MS);
  if (rule.retryExponentialBackoff <= 1) return Math.min(rule.retryDelayMs, MAX_DELAY_MS);
  const minSeconds = Math.max(1, Math.ceil((rule.retryDelayMs / 1_000) * rule.retryExponentialBackoff ** (tryNumber - 1)));
  if (!Number.isFinite(minSeconds) || minSeconds * 1_000 >= cap) return cap;
  const jitterSeconds = Math.abs(Math.trunc(jitterSeed)) % minSeconds;
  return Math.min((minSeconds + jitterSeconds) * 1_000, cap);
}
