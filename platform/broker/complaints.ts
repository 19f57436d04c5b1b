/**
 * What a broker that is away makes connections say again and again, said once and then only now and then: the log of a
 * long outage stays short, and its first line is not lost among the others.
 */
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';

const AGAIN_MS = 30_000;
const KEYS_MAX = 100;

export class Complaints {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #said = new Map<string, { at: number; kept: number }>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Warns, unless it did so for the same event and error within the last half minute. */
  warn(event: string, error: Error, fields: Readonly<Record<string, unknown>>, words: string): void {
    const key = `${event} ${fields['role'] ?? fields['queue'] ?? ''} ${error.message}`;
    const now = this.#clock.monotonic();
    const before = this.#said.get(key);
    if (before !== undefined && now - before.at < AGAIN_MS) {
      before.kept += 1;
      return;
    }
    if (this.#said.size >= KEYS_MAX) this.#said.clear();
    this.#said.set(key, { at: now, kept: 0 });
    const again = before === undefined || before.kept === 0 ? {} : { times: before.kept + 1 };
    this.#logger.warn({ event, ...fields, ...again, err: error.message }, words);
  }
}
