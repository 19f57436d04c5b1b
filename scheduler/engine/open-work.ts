/**
 * Whether there is anything of the kinds that a scheduler looks for every second. While there is not, one statement a second
 * says so for all of them; what there is of a kind is looked at by that kind's own statements.
 */
import type { Clock } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findOpenWork, type OpenWork } from '#platform/db/queries/find-open-work.ts';

/** A little less than the second between two looks of a loop, so that each of its passes may need one look at most. */
const FRESH_MS = 900;

export class OpenWorkLook {
  readonly #db: Queryable;
  readonly #clock: Clock;
  #last: { readonly atMs: number; readonly found: Promise<OpenWork> } | null = null;

  constructor(db: Queryable, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** As it was at most a second ago. */
  async has(kind: keyof OpenWork): Promise<boolean> {
    const nowMs = this.#clock.monotonic();
    if (this.#last === null || nowMs - this.#last.atMs >= FRESH_MS) {
      const found = findOpenWork(this.#db);
      this.#last = { atMs: nowMs, found };
      // An answer that never came is no answer for the next second.
      found.catch(() => this.forget());
    }
    return (await this.#last.found)[kind];
  }

  /** Something has come: the next look is a new one. */
  forget(): void {
    this.#last = null;
  }
}
