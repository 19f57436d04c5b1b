/** The broker on Redis (or Valkey): BullMQ for the queues, publish/subscribe for the doorbells. */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Broker, Channel } from './broker.ts';
import { BullQueues } from './bullmq-queues.ts';
import { Coalescer } from './coalesce.ts';
import { Complaints } from './complaints.ts';
import { explainRedis } from './explain-redis.ts';
import { decodeMessage } from './message-wire.ts';
import { keepPulse } from './pulse.ts';

const CLOSE_MS = 2_000;
const CONNECT_MS = 5_000;
const OPEN_MS = 10_000;
/** However long it was away: a server that is back is noticed this soon. */
const RECONNECT_MS_MAX = 500;

export interface RedisBrokerOptions {
  readonly url: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export async function openRedisBroker({ url, prefix, clock, logger }: RedisBrokerOptions): Promise<Broker> {
  const complaints = new Complaints(clock, logger);
  // A producer fails fast (what it could not ring is rung again); a consumer waits for ever.
  const shared = {
    lazyConnect: true,
    keepAlive: 10_000,
    connectTimeout: CONNECT_MS,
    retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS_MAX),
    // After a failover the address may lead to the new primary.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  const producer = new Redis(url, { ...shared, maxRetriesPerRequest: 1, enableOfflineQueue: true, commandTimeout: 5_000 });
  // Not lazy: BullMQ copies it, and a lazy copy that is made while Redis is away fails for good at its first try.
  const consumer = new Redis(url, { ...shared, lazyConnect: false, maxRetriesPerRequest: null });
  const subscriber = new Redis(url, { ...shared, maxRetriesPerRequest: null });
  // What Redis answers to a connection it refuses; the client itself only tells that the connection is closed.
  let said: Error | undefined;
  for (const [role, client] of Object.entries({ producer, consumer, subscriber }))
    client.on('error', (error: Error) => {
      said = error;
      complaints.warn('broker.connection_error', error, { role }, 'Redis connection error; it reconnects by itself');
    });
  try {
    const opened = Promise.all([producer.connect(), settled(consumer), subscriber.connect()]);
    opened.catch(() => {});
    // A server that takes connections and answers nothing never refuses.
    const late = clock.sleep(OPEN_MS).then(() => Promise.reject(new Error(`no answer within ${OPEN_MS} ms`)));
    await Promise.race([opened, late]);
    // The client would go on with database 0 where this one is refused.
    const database = Number(URL.parse(url)?.pathname.slice(1));
    if (database > 0) await producer.select(database);
  } catch (cause) {
    for (const client of [producer, consumer, subscriber]) client.disconnect();
    throw explainRedis(said ?? (cause as Error));
  }
  const pulses = [producer, consumer, subscriber].map((client) =>
    keepPulse({ clock, ask: () => pulseOf(client), giveUp: () => client.disconnect(true) }),
  );

  const keyPrefix = `{${prefix}}`;
  const queues = new BullQueues(
    { prefix: keyPrefix, producerConnection: producer, consumerConnection: consumer, factory: undefined, explain: explainRedis },
    { clock, logger, complaints },
  );
  const channelName = (channel: Channel) => `${keyPrefix}:doorbell:${channel}`;
  const coalescer = new Coalescer(async (channel, text) => {
    await producer.publish(channelName(channel), text);
  }, clock);
  const listeners = new Map<string, Set<(message: unknown) => void>>();
  subscriber.on('message', (name: string, text: string) => {
    const message = decodeMessage(text);
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
      for (const stopPulse of pulses) stopPulse();
      await queues.close(CLOSE_MS);
      await Promise.race([coalescer.flushed(), clock.sleep(CLOSE_MS)]);
      for (const client of [producer, consumer, subscriber]) client.disconnect();
    },
  };
}

/** The client greets the server at first, and would wait for its answer for ever. */
function pulseOf(client: Redis): Promise<unknown> {
  if (client.status === 'ready') return client.ping();
  return client.status === 'connect' ? settled(client) : Promise.resolve();
}

/** Resolves when it can be used; rejects when it is closed before that. */
async function settled(client: Redis): Promise<void> {
  const over = new AbortController();
  const closed = once(client, 'close', over).then(() => Promise.reject(new Error('connection is closed')));
  try {
    await Promise.race([once(client, 'ready', over), closed]);
  } finally {
    over.abort();
  }
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
