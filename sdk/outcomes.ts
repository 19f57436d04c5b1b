/** How a body says that it ended otherwise than with a result. */
import type { Duration } from '#core/duration.ts';
import { OUTCOME } from './brands.ts';

/** Throw it: the task is skipped, and so is what needs it. */
export class Skip extends Error {
  readonly [OUTCOME] = 'skip';
  override name = 'Skip';
}

/** Throw it: the task fails at once; no retry will help. */
export class Fatal extends Error {
  readonly [OUTCOME] = 'fatal';
  override name = 'Fatal';
}

/** Throw it: the try failed, and the next one starts after `delay` instead of the task's own retryDelay. */
export class RetryAfter extends Error {
  readonly [OUTCOME] = 'retry_after';
  override name = 'RetryAfter';
  readonly delay: Duration;

  constructor(delay: Duration, message?: string) {
    super(message ?? `try again after ${delay}`);
    this.delay = delay;
  }
}

declare const PENDING: unique symbol;
/** What a sensor's check returns while what it waits for is not there. */
export interface Pending {
  readonly [PENDING]: true;
}

/** Says "not yet" from a sensor: check again after `again` (default: the sensor's `every`). */
export function notYet(options: { again?: Duration; note?: string } = {}): Pending {
  return { [OUTCOME]: 'pending', again: options.again ?? null, note: options.note ?? null } as unknown as Pending;
}
