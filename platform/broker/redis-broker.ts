/** The broker on Redis (or Valkey): BullMQ for the queues, publish/subscribe for the doorbells. */
import { Redis } from 'ioredis';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Broker, Channel } from './broker.ts';
import { BullQueues } from './bullmq-queues.ts';
import { Coalescer } from './coalesce.ts';

const CLOSE_MS = 2_000;

export interface RedisBrokerOptions {
  readonly url: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export async function openRedisBroker({ url, prefix, clock, logger }: RedisBrokerOptions): Promise<Broker> {
  // A producer fails fast (what it could not ring is rung again); a consumer waits for ever.
  const producer = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    commandTimeout: 5_000,
    connectTimeout: 5_000,
    lazyConnect: true,
    keepAlive: 10_000,
  });
  const consumer = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, keepAlive: 10_000 });
  const subscriber = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, keepAlive: 10_000 });
  for (const [role, client] of Object.entries({ producer, consumer, subscriber }))
    client.on('error', (error: Error) =>
      logger.warn({ event: 'broker.connection_error', role, err: error.message }, 'Redis connection error; it reconnects by itself'),
    );
  try {
    await Promise.all([producer.connect(), consumer.connect(), subscriber.connect()]);
  } catch (cause) {
    for (const client of [producer, consumer, subscriber]) client.disconnect();
    throw new AppError(
      'BROKER_UNAVAILABLE',
      `Redis cannot be reached: ${(cause as Error).message}. Check REDIS_URL and that the server runs.`,
      {},
      { cause },
    );
  }

  const keyPrefix = `{${prefix}}`;
  const queues = new BullQueues(
    { prefix: keyPrefix, producerConnection: producer, consumerConnection: consumer, factory: undefined },
    clock,
    logger,
  );
  const channelName = (channel: Channel) => `${keyPrefix}:doorbell:${channel}`;
  const coalescer = new Coalescer(async (channel, text) => {
    await producer.publish(channelName(channel), text);
  });
  const listeners = new Map<string, Set<(message: unknown) => void>>();
  subscriber.on('message', (name: string, text: string) => {
    const message = parse(text);
    for (const hear of listeners.get(name) ?? []) hear(message);
  });

  // What was said while the connection was away is lost: listeners take null as "look at everything".
  subscriber.on('ready', () => {
    for (const set of listeners.values()) for (const hear of set) hear(null);
  });

  return {
    kind: 'redis',
    publish: (queue, batches) => queues.publish(queue, batches),
    consume: (queue, concurrency, handle) => queues.consume(queue, concurrency, handle),
    ring: (channel, message) => coalescer.ring(channel, message),
    async listen(channel, hear) {
      const name = channelName(channel);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(hear);
      if (set.size === 1) await subscriber.subscribe(name);
      return async () => {
        set.delete(hear);
      };
    },
    depths: (names) => queues.depths(names),
    info: () => describeServer(producer),
    async close() {
      await queues.close(CLOSE_MS);
      await Promise.race([coalescer.flushed(), clock.sleep(CLOSE_MS)]);
      for (const client of [producer, consumer, subscriber]) client.disconnect();
    },
  };
}

async function describeServer(client: Redis) {
  const text = await client.info();
  const field = (name: string) => new RegExp(`^${name}:(.*)\r?$`, 'm').exec(text)?.[1]?.trim();
  const policy = field('maxmemory_policy');
  const warnings =
    policy !== undefined && policy !== 'noeviction'
      ? [`maxmemory-policy is ${policy}: Redis may drop queue keys. Set it to noeviction.`]
      : [];
  return { kind: 'redis' as const, version: field('redis_version') ?? 'unknown', warnings };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
