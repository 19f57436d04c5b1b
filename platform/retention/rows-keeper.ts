/** Retention of rows by itself: any number of schedulers may do it at once, and any may die in the middle. */
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { clean } from './clean.ts';
import { cutOffs, passEveryMs } from './policy.ts';

export interface RowsKeeperDeps {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class RowsKeeper implements Service {
  readonly #deps: RowsKeeperDeps;
  readonly #loop: Loop;
  #stopping = new AbortController();

  constructor(deps: RowsKeeperDeps) {
    this.#deps = deps;
    const { clock, logger, config } = deps;
    this.#loop = new Loop({ name: 'retention', clock, logger, intervalMs: passEveryMs(config), runOnce: () => this.runOnce() });
  }

  start(): Promise<void> {
    this.#stopping = new AbortController();
    return this.#loop.start();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#loop.stop();
  }

  async runOnce(): Promise<undefined> {
    const { config, db, clock, logger } = this.#deps;
    const { signal } = this.#stopping;
    const sums = await clean({ db, before: cutOffs(config, clock.now()), logsFolder: config.logsFolder, signal });
    const deleted = Object.fromEntries(Object.entries(sums).filter(([, rows]) => rows > 0));
    if (Object.keys(deleted).length > 0) logger.info({ event: 'retention.deleted', deleted }, 'old rows were deleted');
  }
}
