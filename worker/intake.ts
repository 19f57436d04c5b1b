/**
 * From the doorbell to a slot. Ids that were rung wait here, unclaimed, until a slot is free; only then are they
 * claimed in Postgres. When all slots stay taken, what waits is given back to the queue for other workers.
 */

import type { Broker, Consumer, Delivery } from '#platform/broker/broker.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '#platform/probes/probe.ts';
import type { TaskProcess } from './task-process.ts';

/** What a claim gives: the instance, and the process that was held for it, if any. */
export interface Taken {
  readonly claimed: Claimed;
  readonly held: TaskProcess | null;
}

export interface IntakeOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queues: readonly string[];
  readonly slots: number;
  /** How many may be claimed beyond the slots now, and how long a slot is held on the average, ms. Absent = none, unknown. */
  readonly turns?: { readonly ahead: number; readonly paceMs: number };
  /** Null = stale; forget it. */
  readonly claim: (delivery: Delivery) => Promise<Taken | null>;
  /** Runs a claimed instance to its end; never rejects. `takenAt`: monotonic, when the claim began. */
  readonly run: (taken: Taken, takenAt: number) => Promise<void>;
}

interface Waiting {
  readonly queue: string;
  readonly delivery: Delivery;
  readonly placed: () => void;
}

/** Batches of one queue in hands at once. */
const BATCHES_MAX = 16;
/** Slots may be full, without one coming free, this long before the queue is left to others. */
const SATURATED_MS = 150;
/** What is given back goes in so many messages at most. */
const GIVEN_BACK_BATCHES_MAX = 16;
const OPEN_MS = 5_000;
/** A queue that could not be listened on is tried again after this. */
const AGAIN_MS = 500;
const CLOSE_MS = 1_000;

export class Intake {
  readonly #options: IntakeOptions;
  readonly #consumers = new Map<string, Consumer>();
  #waiting: Waiting[] = [];
  #slots: number;
  #taken = 0;
  #open = false;
  /** Raised by each close: a connection that was asked for before is not wanted any more. */
  #generation = 0;
  #fetching = true;
  #saturated: Timer | null = null;
  #lastHeardAt: number;
  #empty: PromiseWithResolvers<void> | null = null;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#slots = options.slots;
    this.#lastHeardAt = options.clock.monotonic();
  }

  get slots(): number {
    return this.#slots;
  }

  /** Slots that are claimed for or running. */
  get taken(): number {
    return this.#taken;
  }

  /** Milliseconds since the doorbell was heard. */
  get quietMs(): number {
    return this.#options.clock.monotonic() - this.#lastHeardAt;
  }

  /** Resolves when no slot is taken. */
  async whenEmpty(): Promise<void> {
    if (this.#taken === 0) return;
    this.#empty ??= Promise.withResolvers<void>();
    await this.#empty.promise;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    for (const consumer of this.#consumers.values()) consumer.setConcurrency(this.#concurrency);
    this.#place();
  }

  /** Starts to listen on every queue. Bounded: with the broker away, it listens as soon as that is back. */
  async open(): Promise<void> {
    if (this.#open) return;
    this.#open = true;
    const { queues, clock } = this.#options;
    await Promise.race([Promise.all(queues.map((queue) => this.#listen(queue))), clock.sleep(OPEN_MS)]);
  }

  /** Claims nothing more, gives back what waits. Bounded, also when the broker is away. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#generation += 1;
    this.#saturated?.cancel();
    this.#saturated = null;
    this.#fetching = true;
    const consumers = [...this.#consumers.values()];
    this.#consumers.clear();
    // Given back only once nobody here fetches, else we would fetch it again.
    await Promise.all(consumers.map((consumer) => consumer.close(CLOSE_MS)));
    this.#giveBack();
  }

  /** Makes new connections to the queues, unless it is about to: the old ones may be dead without knowing it. */
  async reopen(): Promise<void> {
    this.#lastHeardAt = this.#options.clock.monotonic();
    if (this.#open && this.#consumers.size < this.#options.queues.length) return;
    await this.close();
    await this.open();
  }

  /** Instances found otherwise than by the doorbell. */
  offer(queue: string, deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#waiting.push({ queue, delivery, placed: () => {} });
    this.#place();
  }

  get #concurrency(): number {
    return Math.min(BATCHES_MAX, Math.max(1, this.#slots));
  }

  /** Tries until it listens, or nobody wants that any more. */
  async #listen(queue: string): Promise<void> {
    const { broker, clock, logger } = this.#options;
    const generation = this.#generation;
    for (let tries = 0; generation === this.#generation; tries++) {
      try {
        const consumer = await broker.consume(queue, this.#concurrency, (batch) => this.#hear(queue, batch));
        if (generation === this.#generation) this.#take(queue, consumer);
        else await consumer.close(CLOSE_MS);
        return;
      } catch (error) {
        const fields = { event: 'consumer.failed', queue, err: (error as Error).message };
        if (tries === 0) logger.error(fields, 'cannot listen on a queue; it is tried again, looking into Postgres meanwhile');
        await clock.sleep(AGAIN_MS);
      }
    }
  }

  /** Slots may have been changed, or filled, since it was asked for. */
  #take(queue: string, consumer: Consumer): void {
    this.#consumers.set(queue, consumer);
    consumer.setConcurrency(this.#concurrency);
    if (!this.#fetching) void consumer.pause();
  }

  /** Resolves when every instance of the batch has found a slot or is nothing of ours any more. */
  #hear(queue: string, batch: readonly Delivery[]): Promise<void> {
    this.#lastHeardAt = this.#options.clock.monotonic();
    probe('consume.received');
    return new Promise((resolve) => {
      let left = batch.length;
      const placed = () => {
        left -= 1;
        if (left === 0) resolve();
      };
      if (left === 0) resolve();
      for (const delivery of batch) this.#waiting.push({ queue, delivery, placed });
      if (this.#open) this.#place();
      else this.#giveBack();
    });
  }

  /** Claims under way or running at most. */
  get #claimsMax(): number {
    return this.#slots + (this.#options.turns?.ahead ?? 0);
  }

  /** What this worker can begin soon; more than that is better left to others. */
  get #waitingMax(): number {
    const paceMs = this.#options.turns?.paceMs ?? Number.POSITIVE_INFINITY;
    return Math.max(this.#slots, Math.floor((SATURATED_MS * this.#slots) / paceMs));
  }

  #place(): void {
    while (this.#open && this.#taken < this.#claimsMax && this.#waiting.length > 0) {
      this.#taken += 1;
      void this.#fill(this.#waiting.shift() as Waiting);
    }
    this.#watchSaturation();
  }

  async #fill({ delivery, placed }: Waiting): Promise<void> {
    const { claim, run, clock, logger } = this.#options;
    try {
      const takenAt = clock.monotonic();
      const taken = await claim(delivery);
      placed();
      if (taken !== null) await run(taken, takenAt);
    } catch (error) {
      placed();
      logger.warn(
        { event: 'claim.failed', task_instance_id: delivery.taskInstanceId, err: (error as Error).message },
        'a task instance could not be claimed; it stays queued and is rung again',
      );
    } finally {
      this.#taken -= 1;
      // A slot came free: no saturation, however soon it is taken again.
      this.#saturated?.cancel();
      this.#saturated = null;
      if (this.#taken === 0) {
        this.#empty?.resolve();
        this.#empty = null;
      }
      this.#place();
    }
  }

  /**
   * Nothing came free for a while: stop fetching and let others have all that waits. More waits than can begin soon: the
   * same with what is too much. Free again: go on.
   */
  #watchSaturation(): void {
    const full = this.#taken >= this.#claimsMax;
    if (full && this.#open) {
      if (this.#waiting.length > this.#waitingMax) this.#leaveToOthers(this.#fetching ? this.#waitingMax : 0);
      this.#saturated ??= this.#options.clock.after(SATURATED_MS, () => this.#leaveToOthers(0));
      return;
    }
    if (!full) {
      this.#saturated?.cancel();
      this.#saturated = null;
    }
    if (this.#fetching || this.#waiting.length > this.#waitingMax / 2) return;
    this.#fetching = true;
    for (const consumer of this.#consumers.values()) consumer.resume();
  }

  /** Stops fetching, and gives back what waits but for the first `keep`. */
  #leaveToOthers(keep: number): void {
    if (this.#fetching) {
      this.#fetching = false;
      for (const consumer of this.#consumers.values()) void consumer.pause();
    }
    this.#giveBack(keep);
  }

  #giveBack(keep = 0): void {
    const given = this.#waiting.splice(keep);
    if (given.length === 0) return;
    const size = Math.ceil(given.length / GIVEN_BACK_BATCHES_MAX);
    for (const [queue, entries] of Map.groupBy(given, (entry) => entry.queue)) {
      const batches: Delivery[][] = [];
      for (let start = 0; start < entries.length; start += size)
        batches.push(entries.slice(start, start + size).map((entry) => entry.delivery));
      // The scheduler rings again what nobody claims.
      this.#options.broker.publish(queue, batches).catch(() => {});
    }
    for (const entry of given) entry.placed();
  }
}
