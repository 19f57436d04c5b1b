/**
 * Queues on BullMQ, the same code over both of its backends. Jobs carry ids only, are tried once, are never
 * delayed or repeated and leave nothing behind: retries, delays and results belong to Postgres.
 */

import { type BackendFactory, DelayedError, type IQueueBackend, type Job, Queue, Worker } from 'bullmq';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '../probes/probe.ts';
import type { Consumer, Delivery, QueueDepth } from './broker.ts';
import type { Complaints } from './complaints.ts';
import { decodeBatch, encodeBatch } from './payload.ts';

/** What tells one backend from the other. */
export interface Backend {
  readonly prefix: string;
  readonly producerConnection: unknown;
  readonly consumerConnection: unknown;
  /** Undefined = BullMQ's default, Redis. */
  readonly factory: BackendFactory<IQueueBackend, unknown> | undefined;
  /** Puts what the server answered into words that name the next step. */
  readonly explain: (error: Error) => Error;
}

const JOB_NAME = 'run';
const PUBLISH_JOBS_MAX = 500;
/** The lock is never a correctness input (the lease in Postgres is); long, so that a busy worker keeps it. */
const LOCK_MS = 120_000;
const KEEP_NOTHING = { count: 0 };
/** After an error of its loop the consumer goes on this soon; BullMQ alone would wait 15 s. */
const RETRY_MS = 1_000;
const REST_MS = 1_000;
/** As the backend on Postgres counts what waits in a paused queue. Its types know only what Redis has. */
const PAUSED = 'paused' as 'waiting';
/** A consumer that is not connected within this time is given up; whoever asked asks again. */
const CONNECT_MS = 10_000;
const GIVE_UP_MS = 1_000;
/** What a newer Windlass rang is left to its workers: back into the queue this much later, for at most so long. */
const LEAVE_MS = 1_000;
const LEAVE_AT_MOST_MS = 60_000;

export class BullQueues {
  readonly #backend: Backend;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #complaints: Complaints;
  readonly #producers = new Map<string, Queue>();
  readonly #workers = new Set<Worker>();
  #resting: { readonly until: number; readonly error: Error } | null = null;

  constructor(
    backend: Backend,
    { clock, logger, complaints }: { readonly clock: Clock; readonly logger: Logger; readonly complaints: Complaints },
  ) {
    this.#backend = backend;
    this.#complaints = complaints;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** After a failure it refuses at once for a moment: whoever has thousands to ring must not wait for each. */
  async publish(queue: string, batches: readonly (readonly Delivery[])[]): Promise<void> {
    if (this.#resting !== null && this.#clock.monotonic() < this.#resting.until) throw this.#resting.error;
    try {
      await this.#publish(queue, batches);
      this.#resting = null;
    } catch (cause) {
      const error = this.#backend.explain(cause as Error);
      this.#resting = { until: this.#clock.monotonic() + REST_MS, error };
      this.#complaints.warn('delivery.not_rung', error, { queue }, `tasks of the queue ${queue} wait in Postgres: ${error.message}`);
      throw error;
    }
  }

  async #publish(queue: string, batches: readonly (readonly Delivery[])[]): Promise<void> {
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
      async (job, token) => {
        const decoded = decodeBatch(job.data);
        if (decoded.kind === 'newer') return this.#leaveToNewer(queue, job, decoded.version, token);
        if (decoded.kind === 'foreign') {
          this.#logger.warn({ event: 'delivery.refused', queue, job_id: job.id }, 'a message that is not ours was dropped from the queue');
          return;
        }
        await handle(decoded.batch).catch((error: unknown) =>
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
        runRetryDelay: RETRY_MS,
        removeOnComplete: KEEP_NOTHING,
        removeOnFail: KEEP_NOTHING,
      },
      this.#backend.factory as never,
    );
    worker.on('completed', () => probe('consume.after_ack'));
    worker.on('error', (error) =>
      this.#complaints.warn('broker.consumer_error', error, { queue }, 'the queue connection reported an error; it reconnects by itself'),
    );
    this.#workers.add(worker as Worker);
    const close = async (deadlineMs: number) => {
      this.#workers.delete(worker as Worker);
      // close() may never resolve while the broker is away: race it.
      await Promise.race([worker.close(true).catch(() => {}), this.#clock.sleep(deadlineMs)]);
    };
    try {
      await this.#connected(worker as Worker);
    } catch (cause) {
      // BullMQ remembers for good that its first connection failed: such a worker would be deaf, and never end.
      await close(GIVE_UP_MS);
      throw this.#backend.explain(cause as Error);
    }
    return {
      setConcurrency: (count) => {
        worker.concurrency = Math.max(1, count);
      },
      pause: () => worker.pause(true),
      resume: () => void worker.resume(),
      close,
    };
  }

  /** A server that takes connections and answers nothing would never refuse. */
  async #connected(worker: Worker): Promise<void> {
    const decided = new AbortController();
    const late = this.#clock.sleep(CONNECT_MS, decided.signal).then(() => {
      if (!decided.signal.aborted) throw new Error(`no answer within ${CONNECT_MS} ms`);
    });
    try {
      await Promise.race([worker.waitUntilReady(), late]);
    } finally {
      decided.abort();
    }
  }

  /** The batch waits in Postgres too: what nobody takes in time is dropped here and rung again from there. */
  async #leaveToNewer(queue: string, job: Job, version: number, token: string | undefined): Promise<void> {
    const fields = { event: 'delivery.newer', queue, job_id: job.id, version };
    if (this.#clock.now() - job.timestamp > LEAVE_AT_MOST_MS) {
      this.#logger.warn(fields, `a batch of version ${version} was taken by no newer worker and is dropped; upgrade this worker`);
      return;
    }
    this.#complaints.warn(
      'delivery.newer',
      new Error(`version ${version}`),
      { queue },
      `the queue holds batches of version ${version}, newer than this worker knows; they are left to newer workers. Upgrade this worker.`,
    );
    await job.moveToDelayed(this.#clock.now() + LEAVE_MS, token);
    throw new DelayedError();
  }

  async depths(queues: readonly string[]): Promise<readonly QueueDepth[]> {
    return Promise.all(
      queues.map(async (queue) => {
        const producer = this.#producer(queue);
        const [counts, isPaused] = await Promise.all([
          producer.getJobCounts('waiting', PAUSED, 'active', 'prioritized', 'delayed'),
          producer.isPaused(),
        ]);
        return {
          queue,
          isPaused,
          waiting: (counts['waiting'] ?? 0) + (counts[PAUSED] ?? 0) + (counts['prioritized'] ?? 0) + (counts['delayed'] ?? 0),
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
        this.#complaints.warn('broker.producer_error', error, { queue }, 'the queue connection reported an error; it reconnects by itself'),
      );
      this.#producers.set(queue, producer);
    }
    return producer;
  }
}
