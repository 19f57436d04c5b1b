/**
 * Queues on BullMQ, the same code over both of its backends. Jobs carry ids only, are tried once, are never
 * delayed or repeated and leave nothing behind: retries, delays and results belong to Postgres.
 */

import { type BackendFactory, type IQueueBackend, Queue, Worker } from 'bullmq';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '../probes/probe.ts';
import type { Consumer, Delivery, QueueDepth } from './broker.ts';
import { decodeBatch, encodeBatch } from './payload.ts';

/** What tells one backend from the other. */
export interface Backend {
  readonly prefix: string;
  readonly producerConnection: unknown;
  readonly consumerConnection: unknown;
  /** Undefined = BullMQ's default, Redis. */
  readonly factory: BackendFactory<IQueueBackend, unknown> | undefined;
}

const JOB_NAME = 'run';
const PUBLISH_JOBS_MAX = 500;
/** The lock is never a correctness input (the lease in Postgres is); long, so that a busy worker keeps it. */
const LOCK_MS = 120_000;
const KEEP_NOTHING = { count: 0 };

export class BullQueues {
  readonly #backend: Backend;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #producers = new Map<string, Queue>();
  readonly #workers = new Set<Worker>();

  constructor(backend: Backend, clock: Clock, logger: Logger) {
    this.#backend = backend;
    this.#clock = clock;
    this.#logger = logger;
  }

  async publish(queue: string, batches: readonly (readonly Delivery[])[]): Promise<void> {
    const producer = this.#producer(queue);
    for (let start = 0; start < batches.length; start += PUBLISH_JOBS_MAX) {
      const jobs = batches.slice(start, start + PUBLISH_JOBS_MAX).map((batch) => ({ name: JOB_NAME, data: encodeBatch(batch) }));
      if (jobs.length === 1) await producer.add(JOB_NAME, jobs[0]?.data);
      else await producer.addBulk(jobs);
      probe('publish.after_add');
    }
  }

  async consume(queue: string, concurrency: number, handle: (batch: readonly Delivery[]) => Promise<void>): Promise<Consumer> {
    const worker = new Worker(
      queue,
      async (job) => {
        const batch = decodeBatch(job.data);
        if (batch === null) {
          this.#logger.warn({ event: 'delivery.refused', queue, job_id: job.id }, 'a message that is not ours was dropped from the queue');
          return;
        }
        await handle(batch).catch((error: unknown) =>
          this.#logger.error({ event: 'delivery.failed', queue, err: error }, 'a batch could not be handled; the scheduler rings it again'),
        );
        probe('consume.before_ack');
      },
      {
        connection: this.#backend.consumerConnection as never,
        prefix: this.#backend.prefix,
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS,
        maxStalledCount: 1,
        removeOnComplete: KEEP_NOTHING,
        removeOnFail: KEEP_NOTHING,
      },
      this.#backend.factory as never,
    );
    worker.on('completed', () => probe('consume.after_ack'));
    worker.on('error', (error) =>
      this.#logger.warn(
        { event: 'broker.consumer_error', queue, err: error.message },
        'the queue connection reported an error; it reconnects by itself',
      ),
    );
    this.#workers.add(worker as Worker);
    await worker.waitUntilReady();
    return {
      setConcurrency: (count) => {
        worker.concurrency = Math.max(1, count);
      },
      pause: () => worker.pause(true),
      resume: () => void worker.resume(),
      close: async (deadlineMs) => {
        this.#workers.delete(worker as Worker);
        // close() may never resolve while the broker is away: race it.
        await Promise.race([worker.close(true).catch(() => {}), this.#clock.sleep(deadlineMs)]);
      },
    };
  }

  async depths(queues: readonly string[]): Promise<readonly QueueDepth[]> {
    return Promise.all(
      queues.map(async (queue) => {
        const counts = await this.#producer(queue).getJobCounts('waiting', 'active', 'prioritized', 'delayed');
        return {
          queue,
          waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0) + (counts['delayed'] ?? 0),
          active: counts['active'] ?? 0,
        };
      }),
    );
  }

  async close(deadlineMs: number): Promise<void> {
    const closing = [...this.#workers]
      .map((worker) => worker.close(true))
      .concat([...this.#producers.values()].map((queue) => queue.close()));
    await Promise.race([Promise.allSettled(closing), this.#clock.sleep(deadlineMs)]);
  }

  #producer(queue: string): Queue {
    let producer = this.#producers.get(queue);
    if (!producer) {
      producer = new Queue(
        queue,
        {
          connection: this.#backend.producerConnection as never,
          prefix: this.#backend.prefix,
          defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
          streams: { events: { maxLen: 100 } },
        },
        this.#backend.factory as never,
      ) as Queue;
      producer.on('error', (error) =>
        this.#logger.warn(
          { event: 'broker.producer_error', queue, err: error.message },
          'the queue connection reported an error; it reconnects by itself',
        ),
      );
      this.#producers.set(queue, producer);
    }
    return producer;
  }
}
