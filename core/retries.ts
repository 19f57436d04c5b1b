/** When the next try may start. Airflow's formula, with its deterministic jitter. */

/** Unless the setting says otherwise: no backoff waits longer. */
export const MAX_RETRY_DELAY_MS = 86_400_000;

export interface RetryRule {
  readonly retryDelayMs: number;
  /** 1 = the delay stays as it is. */
  readonly retryExponentialBackoff: number;
  readonly maxRetryDelayMs: number | null;
}

export interface RetryTry {
  /** The try that failed, 1 = the first. */
  readonly tryNumber: number;
  /** A sha1 of the try's key, as a number: every process computes the same instant, and those of many tasks spread. */
  readonly hash: bigint;
  /** Cap of every backoff, ms. */
  readonly maxDelayMs: number;
}

/**
 * Returns the wait in milliseconds after a try failed. With a backoff m other than 1: min = ceil(delay * m^(try-1)), at
 * least a second; wait = min + (hash mod min), capped by `maxDelayMs` and by the task's own `maxRetryDelayMs`.
 */
export function retryDelayMs(rule: RetryRule, { tryNumber, hash, maxDelayMs }: RetryTry): number {
  if (rule.retryExponentialBackoff === 1) return rule.retryDelayMs;
  const cap = Math.min(rule.maxRetryDelayMs ?? maxDelayMs, maxDelayMs);
  // No delay stays none, also times a power that is infinite.
  const grown = rule.retryDelayMs === 0 ? 0 : (rule.retryDelayMs / 1_000) * rule.retryExponentialBackoff ** (tryNumber - 1);
  const minSeconds = Math.max(1, Math.ceil(grown));
  if (!Number.isFinite(minSeconds) || minSeconds * 1_000 >= cap) return cap;
  const jitterSeconds = Number(hash % BigInt(minSeconds));
  return Math.min((minSeconds + jitterSeconds) * 1_000, cap);
}

export interface RetryKey {
  readonly dagId: string;
  readonly taskId: string;
  /** Null: a run without one is named by its id. */
  readonly logicalDate: Date | null;
  readonly runId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

/** What is hashed: Airflow's key ("dag#task#2026-01-31 00:00:00+00:00#1"), with the index of a mapped instance after it. */
export function retryKeyText({ dagId, taskId, logicalDate, runId, mapIndex, tryNumber }: RetryKey): string {
  const date = logicalDate === null ? runId : pythonDate(logicalDate);
  return `${dagId}#${taskId}#${date}#${tryNumber}${mapIndex < 0 ? '' : `#${mapIndex}`}`;
}

/** As Python prints an instant. */
function pythonDate(date: Date): string {
  const [day = '', time = ''] = date.toISOString().slice(0, -1).split('T');
  return `${day} ${time.endsWith('.000') ? time.slice(0, -4) : `${time}000`}+00:00`;
}
