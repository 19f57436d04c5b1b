/**
 * The broker on Postgres: BullMQ's PostgreSQL backend for the queues, LISTEN/NOTIFY for the doorbells. For
 * installations without Redis; about ten times slower under load.
 */
import { createPostgresBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Broker, Channel } from './broker.ts';
import { BullQueues } from './bullmq-queues.ts';
import { Coalescer } from './coalesce.ts';
import { Complaints } from './complaints.ts';
import { decodeMessage } from './message-wire.ts';
import { keepPulse } from './pulse.ts';

const CLOSE_MS = 2_000;
const RECONNECT_MS = 500;
/** NOTIFY refuses payloads of 8000 bytes; listeners then sweep everything. */
const NOTIFY_BYTES_MAX = 7_900;
/** So many ids of instances fit; a sweep for each burst would read everything again and again. */
const NOTIFY_ITEMS_MAX = 150;

export interface PostgresBrokerOptions {
  readonly url: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export async function openPostgresBroker({ url, prefix, clock, logger }: PostgresBrokerOptions): Promise<Broker> {
  const schema = `${prefix.replace(/[^a-z0-9_]/gi, '_').toLowerCase()}_queue`;
  await migrateQueues(url, schema);
  const connection = { connectionString: url, schema, max: 6, keepAlive: true, application_name: 'windlass:broker' };
  const complaints = new Complaints(clock, logger);
  const queues = new BullQueues(
    { prefix, producerConnection: connection, consumerConnection: connection, factory: createPostgresBackend as never, explain },
    { clock, logger, complaints },
  );
  const sender = new pg.Pool({ connectionString: url, max: 2, keepAlive: true, application_name: 'windlass:doorbell' });
  sender.on('error', (error) =>
    complaints.warn('broker.connection_error', error, { role: 'doorbell' }, 'doorbell connection lost; it reconnects by itself'),
  );
  const channelName = (channel: Channel) => `${schema}_${channel}`;
  const coalescer = new Coalescer(
    async (channel, text) => {
      await sender.query('select pg_notify($1, $2)', [channelName(channel), Buffer.byteLength(text) > NOTIFY_BYTES_MAX ? '{}' : text]);
    },
    clock,
    NOTIFY_ITEMS_MAX,
  );
  const ear = new Ear(url, clock, logger);

  return {
    kind: 'postgres',
    publish: (queue, batches) => queues.publish(queue, batches),
    consume: (queue, concurrency, handle) => queues.consume(queue, concurrency, handle),
    ring: (channel, message) => coalescer.ring(channel, message),
    listen: (channel, hear) => ear.listen(channelName(channel), hear),
    depths: (names) => queues.depths(names),
    async info() {
      const result = await sender.query<{ version: string }>("select current_setting('server_version') as version");
      return {
        kind: 'postgres',
        version: result.rows[0]?.version ?? 'unknown',
        warnings: ['Postgres is the broker: about ten times slower than Redis. Set REDIS_URL, or install redis-server.'],
      };
    },
    async close() {
      await ear.close();
      await queues.close(CLOSE_MS);
      await Promise.race([coalescer.flushed(), clock.sleep(CLOSE_MS)]);
      await Promise.race([sender.end().catch(() => {}), clock.sleep(CLOSE_MS)]);
    },
  };
}

function explain(error: Error): Error {
  return new AppError('BROKER_UNAVAILABLE', `the queue in Postgres takes nothing: ${error.message}`, {}, { cause: error });
}

async function migrateQueues(url: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await runMigrations(client as never, schema);
  } finally {
    await client.end();
  }
}

/** One connection that listens; when it breaks, it is opened again and every listener is told to sweep. */
class Ear {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Set<(message: unknown) => void>>();
  #client: pg.Client | null = null;
  readonly #stopPulse: () => void;
  #opening: Promise<pg.Client> | null = null;
  #closed = false;
  #statements: Promise<unknown> = Promise.resolve();

  constructor(url: string, clock: Clock, logger: Logger) {
    this.#url = url;
    this.#clock = clock;
    this.#logger = logger;
    this.#stopPulse = keepPulse({ clock, ask: () => this.#ask(), giveUp: () => this.#giveUp() });
  }

  async listen(name: string, hear: (message: unknown) => void): Promise<() => Promise<void>> {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(hear);
    const client = await this.#connected();
    await this.#say(`listen ${pg.escapeIdentifier(name)}`, client);
    return async () => {
      set.delete(hear);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopPulse();
    await this.#client?.end().catch(() => {});
  }

  /** One statement at a time: pg no longer queues them. */
  #say(text: string, client: pg.Client): Promise<unknown> {
    const said = this.#statements.then(() => client.query(text));
    this.#statements = said.catch(() => {});
    return said;
  }

  async #ask(): Promise<unknown> {
    return this.#client === null ? undefined : this.#say('select 1', this.#client);
  }

  /** Without a goodbye, which nobody would hear. */
  #giveUp(): void {
    const dead = this.#client;
    if (dead === null) return;
    this.#statements = Promise.resolve();
    this.#reopen(dead);
    (dead as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  #connected(): Promise<pg.Client> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, application_name: 'windlass:doorbell' });
    client.on('notification', ({ channel, payload }) => {
      const message = decodeMessage(payload ?? '');
      for (const hear of this.#listeners.get(channel) ?? []) hear(message);
    });
    client.on('error', () => this.#reopen(client));
    client.on('end', () => this.#reopen(client));
    try {
      await client.connect();
      for (const name of this.#listeners.keys()) await client.query(`listen ${pg.escapeIdentifier(name)}`);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    // Only now: one that broke before is given up by whoever opens it, and not opened a second time beside that.
    this.#client = client;
    return client;
  }

  #reopen(broken: pg.Client): void {
    if (this.#closed || this.#client !== broken) return;
    this.#client = null;
    this.#logger.warn({ event: 'broker.connection_error' }, 'doorbell connection lost; reconnecting');
    const retry = async (): Promise<pg.Client> => {
      for (;;) {
        await this.#clock.sleep(RECONNECT_MS);
        if (this.#closed) throw new Error('closed');
        const client = await this.#open().catch(() => null);
        if (client) {
          for (const set of this.#listeners.values()) for (const hear of set) hear(null);
          return client;
        }
      }
    };
    this.#opening = retry();
    this.#opening.catch(() => {});
  }
}
