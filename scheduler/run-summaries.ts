/**
 * Keeps the summaries of ended runs, by which the lists of task instances pass over the runs that cannot matter. Nothing waits for
 * them: what has none is counted by its instances. Any number of schedulers may do the same.
 */
import type { Clock } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { FIRST_PLACE, type SummaryPlace, summarizeRuns } from '#platform/db/queries/care/summarize-runs.ts';

const RUNS_MAX = 500;
/** A run that has just ended is often looked at again: what follows it, a person. */
const SETTLED_MS = 2_000;
/** Runs that were changed after their end, or whose end was written late, lie behind the place of a pass. */
const ANEW_MS = 3_600_000;
/** What a batch leaves to others. */
const PAUSE_MS = 50;

export class RunSummaries {
  readonly #db: Queryable;
  readonly #clock: Clock;
  #place: SummaryPlace = FIRST_PLACE;
  #begunAtMs: number;

  constructor(db: Queryable, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#begunAtMs = clock.monotonic();
  }

  /** One batch. Returns how long to wait for the next while there is more; else undefined. */
  async runOnce(): Promise<number | undefined> {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#begunAtMs > ANEW_MS) {
      this.#place = FIRST_PLACE;
      this.#begunAtMs = nowMs;
    }
    const { next } = await summarizeRuns(this.#db, { after: this.#place, runsMax: RUNS_MAX, settledMs: SETTLED_MS });
    if (next === null) return undefined;
    this.#place = next;
    return PAUSE_MS;
  }
}
