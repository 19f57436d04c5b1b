/** Which queued instances were rung, when, and which the broker did not take: what the next sweep rings again. */
import type { Instance } from '#core/scheduling/run-model.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { type Ringing, ring } from './ring.ts';

export class Bell {
  readonly #broker: Broker;
  /** What is in memory no more is not remembered here either: nobody would forget it. */
  readonly #isKnown: (id: string) => boolean;
  readonly #rungMs = new Map<string, number>();
  readonly #refused = new Set<string>();
  /** Batches are sized to what is idle. */
  idleSlots: (queue: string) => number = () => 1;

  constructor(broker: Broker, isKnown: (id: string) => boolean) {
    this.#broker = broker;
    this.#isKnown = isKnown;
  }

  /** Not waited for: a broker that is away, and takes its time to say so, holds up no scheduling. */
  ring(ringing: readonly Ringing[], nowMs: number): void {
    for (const { taskInstanceId } of ringing) {
      if (this.#isKnown(taskInstanceId)) this.#rungMs.set(taskInstanceId, nowMs);
      this.#refused.delete(taskInstanceId);
    }
    if (ringing.length === 0) return;
    void ring(this.#broker, ringing, this.idleSlots).then((refused) => {
      for (const id of refused) if (this.#rungMs.has(id)) this.#refused.add(id);
    });
  }

  forget(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#rungMs.delete(id);
      this.#refused.delete(id);
    }
  }

  /** The broker did not take it, or nobody has claimed it since `beforeMs`. */
  isDue({ id, queuedAtMs }: Instance, beforeMs: number): boolean {
    return this.#refused.has(id) || (this.#rungMs.get(id) ?? queuedAtMs ?? 0) <= beforeMs;
  }
}
