/**
 * Notices a doorbell that is dead without saying so: slots are free, nothing was heard for a while, and yet
 * instances wait in Postgres. It takes them from there and makes new connections to the broker.
 */
import type { Database } from '#platform/db/client.ts';
import { findUnclaimedInstances } from '#platform/db/queries/find-unclaimed-instances.ts';
import type { Logger } from '#platform/logger.ts';
import type { Intake } from './intake.ts';

export interface ConsumerWatchdogOptions {
  readonly db: Database;
  readonly intake: Intake;
  readonly queues: readonly string[];
  readonly logger: Logger;
  /** Quiet for this long is suspicious; what waits for half as long is overdue. */
  readonly quietMs: number;
}

export class ConsumerWatchdog {
  readonly #options: ConsumerWatchdogOptions;
  /** Times the connections were made anew without a ring being heard since. */
  rebuilds = 0;

  constructor(options: ConsumerWatchdogOptions) {
    this.#options = options;
  }

  async runOnce(): Promise<undefined> {
    const { db, intake, queues, logger, quietMs } = this.#options;
    if (intake.quietMs < quietMs) {
      this.rebuilds = 0;
      return;
    }
    const free = intake.slots - intake.taken;
    if (free <= 0) return;
    const overdue = await findUnclaimedInstances(db, { queues, olderThanMs: quietMs / 2, limit: free });
    if (overdue.length === 0) return;
    logger.warn(
      { event: 'consumer.dead', waiting: overdue.length, quiet_ms: Math.round(intake.quietMs), rebuilds: this.rebuilds },
      'task instances wait but the broker rings nobody; taking them from Postgres and connecting anew',
    );
    for (const [queue, rows] of Map.groupBy(overdue, (row) => row.queue)) intake.offer(queue, rows);
    this.rebuilds += 1;
    await intake.reopen();
    return;
  }
}
