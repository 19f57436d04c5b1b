/** What makes a pass of retention come again and again. Any number of processes may make the same, and any may die in the middle. */
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Logger } from '#platform/logger.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { passEveryMs } from './policy.ts';

export interface KeeperDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One pass. Aborted, it ends after what it does at the moment: the next one finishes its work. */
export type Pass<Deps extends KeeperDeps> = (deps: Deps, signal: AbortSignal) => Promise<void>;

export class Keeper<Deps extends KeeperDeps> implements Service {
  readonly #loop: Loop;
  #stopping = new AbortController();

  constructor(name: string, pass: Pass<Deps>, deps: Deps) {
    const { clock, logger, config } = deps;
    const runOnce = async () => void (await pass(deps, this.#stopping.signal));
    this.#loop = new Loop({ name, clock, logger, intervalMs: passEveryMs(config), runOnce });
  }

  start(): Promise<void> {
    this.#stopping = new AbortController();
    return this.#loop.start();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#loop.stop();
  }
}
