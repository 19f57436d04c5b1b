/** Looks at what must hold at every instant, again and again, past all proxies. */
import { systemClock } from '#platform/clock.ts';
import type { Broken } from './checks/check.ts';
import { INSTANT_CHECKS } from './checks/limits.ts';
import type { Cluster } from './cluster.ts';

const EVERY_MS = 200;
const KEPT_MAX = 20;

export class Sampler {
  /** Looks that were answered. */
  samples = 0;
  /** Looks that Postgres, being away, did not answer. */
  blind = 0;
  readonly #cluster: Cluster;
  readonly #found = new Map<string, string[]>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<readonly Broken[]> {
    this.#stopping.abort();
    await this.#looking;
    return this.found;
  }

  get found(): readonly Broken[] {
    return INSTANT_CHECKS.map(({ id, promise }) => ({ id, promise, violations: this.#found.get(id) ?? [] }));
  }

  async #look(): Promise<void> {
    // Once more at the end: what was brought about last is seen, too.
    for (let isLast = false; !isLast; ) {
      isLast = this.#stopping.signal.aborted;
      try {
        for (const check of INSTANT_CHECKS) {
          const rows = await this.#cluster.sql<{ detail: string }>(check.text, check.values);
          if (rows.length === 0) continue;
          const kept = this.#found.get(check.id) ?? [];
          this.#found.set(check.id, kept);
          for (const row of rows) if (kept.length < KEPT_MAX) kept.push(`${new Date(systemClock.now()).toISOString()} ${row.detail}`);
        }
        this.samples += 1;
      } catch {
        this.blind += 1;
      }
      await systemClock.sleep(EVERY_MS, this.#stopping.signal);
    }
  }
}
