/**
 * What the rest of Windlass knows of the broker: a doorbell. It carries ids only; Postgres is the truth, so
 * everything here may be lost, doubled or late without harm. Two adapters pass one conformance suite:
 * BullMQ on Redis and BullMQ on its PostgreSQL backend.
 */

/** One instance to run, as rung: the claim in Postgres decides whether it is still so. */
export interface Delivery {
  readonly taskInstanceId: string;
  readonly tryNumber: number;
  readonly leaseEpoch: number;
}

export interface QueueDepth {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  /** Nobody is given anything from it. Windlass never does that: somebody has paused it by hand. */
  readonly isPaused: boolean;
}

export interface BrokerInfo {
  readonly kind: 'redis' | 'postgres';
  readonly version: string;
  readonly warnings: readonly string[];
}

export interface Consumer {
  /** Changes how many batches are handled at once. */
  setConcurrency(count: number): void;
  pause(): Promise<void>;
  resume(): void;
  /** Stops fetching; resolves when handlers are done or the deadline passed, also with the broker away. */
  close(deadlineMs: number): Promise<void>;
}

/** Named doorbells. A message is a small JSON object; missing one is repaired by a sweep. */
export type Channel =
  | 'task_instances_ended'
  | 'runs_changed'
  | 'dags_changed'
  | 'ui_events'
  | 'worker_control'
  | 'leases_changed'
  | 'asset_events_queued'
  | 'waiters_changed'
  | 'callbacks_requested';

export interface Broker {
  readonly kind: 'redis' | 'postgres';
  /** Rings one or more batches; each batch is one job. Resolves when the broker has them. */
  publish(queue: string, batches: readonly (readonly Delivery[])[]): Promise<void>;
  /** Calls `handle` for each batch, at most `concurrency` at once. A rejected handler is logged, never retried. */
  consume(queue: string, concurrency: number, handle: (batch: readonly Delivery[]) => Promise<void>): Promise<Consumer>;
  ring(channel: Channel, message: object): void;
  listen(channel: Channel, hear: (message: unknown) => void): Promise<() => Promise<void>>;
  depths(queues: readonly string[]): Promise<readonly QueueDepth[]>;
  info(): Promise<BrokerInfo>;
  close(): Promise<void>;
}
