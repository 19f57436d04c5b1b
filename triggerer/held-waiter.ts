/** A waiter that this triggerer owns, in memory. Instants are monotonic, ms. */
import { intervalOf, type WaiterArgs } from '#core/waiting/kinds.ts';
import type { ClaimedWaiter } from '#platform/db/queries/waiting/claim-waiters.ts';

export interface HeldWaiter extends Omit<ClaimedWaiter, 'args' | 'sealedArgs' | 'dueInMs' | 'timeoutInMs'> {
  readonly args: WaiterArgs;
  readonly timeoutAtMs: number | null;
  /** When it is looked at next; a time: the time itself. */
  nextLookAtMs: number;
  lookedAtMs: number;
  failures: number;
  note: string | null;
  /** Looks since the row was last written, and when that was. */
  unsavedLooks: number;
  savedAtMs: number;
  savedNote: string | null;
  /** A look is under way. */
  looking: boolean;
}

const BACKOFF_MAX_MS = 5 * 60_000;

export function holdWaiter(claimed: ClaimedWaiter, args: WaiterArgs, nowMs: number): HeldWaiter {
  const { args: _, sealedArgs: __, dueInMs, timeoutInMs, ...rest } = claimed;
  return {
    ...rest,
    args,
    timeoutAtMs: timeoutInMs === null ? null : nowMs + timeoutInMs,
    nextLookAtMs: nowMs + Math.max(0, dueInMs),
    lookedAtMs: Number.NEGATIVE_INFINITY,
    unsavedLooks: 0,
    savedAtMs: nowMs,
    savedNote: claimed.note,
    looking: false,
  };
}

/** When anything has to be done about it. */
export function nextAtMs(waiter: HeldWaiter): number | null {
  const lookAt = waiter.looking ? Number.POSITIVE_INFINITY : waiter.nextLookAtMs;
  const at = Math.min(lookAt, waiter.timeoutAtMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(at) ? at : null;
}

/** The interval, longer after each failure in a row, and a tenth more or less: many that began together spread out. */
export function nextDelayMs(waiter: Pick<HeldWaiter, 'kind' | 'everyMs' | 'failures'>, random: number): number {
  const base = intervalOf(waiter.kind, waiter.everyMs);
  const grown = waiter.failures === 0 ? base : Math.min(base * 2 ** waiter.failures, Math.max(base, BACKOFF_MAX_MS));
  return grown * (0.9 + 0.2 * random);
}
