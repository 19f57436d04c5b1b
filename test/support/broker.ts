/**
 * The broker as a parameter of a test: suites that use this run once on Redis and once on Postgres, each in a vitest
 * project of that name (see broker-suites.ts). No test chooses a broker otherwise, but those listed there with a reason.
 */
import { inject } from 'vitest';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import { type Config, Secret } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { testConfig } from './config.ts';
import type { TestDatabase } from './postgres.ts';
import { startRedis, type TestRedis } from './redis.ts';

export type BrokerKind = 'redis' | 'postgres';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The broker of this vitest project. */
    broker: BrokerKind;
  }
}

/** The broker that this run of the suite is about. */
export const brokerKind: BrokerKind = inject('broker') ?? 'postgres';

export interface TestBroker {
  readonly kind: BrokerKind;
  /** The server, to be killed and frozen; undefined when the broker is Postgres. */
  readonly redis: TestRedis | undefined;
  /** Settings for parts that run in the test's process. */
  readonly settings: Pick<Config, 'broker' | 'redisUrl'>;
  /** The same for processes of their own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens one more broker over it. All are closed by `stop`. */
  open(overrides?: Partial<Config>): Promise<Broker>;
  stop(): Promise<void>;
}

/** A redis-server of its own, or the queues in the test's database. Stop it before the database is dropped. */
export async function startBroker(database: Pick<TestDatabase, 'db'>, kind = brokerKind): Promise<TestBroker> {
  const redis = kind === 'redis' ? await startRedis() : undefined;
  const settings = { broker: kind, redisUrl: new Secret(redis?.url ?? '') };
  const opened: Broker[] = [];
  return {
    kind,
    redis,
    settings,
    environment: { WINDLASS_BROKER: kind, REDIS_URL: redis?.url ?? '' },
    async open(overrides = {}) {
      const broker = await openBroker(testConfig({ ...settings, ...overrides }), database.db, quietLogger());
      opened.push(broker);
      return broker;
    },
    async stop() {
      await Promise.all(opened.map((broker) => broker.close()));
      await redis?.stop();
    },
  };
}

/** Settings for `windlass standalone`, which starts its own Redis if it is to use one. */
export const standaloneBroker: Readonly<Record<string, string>> = { WINDLASS_BROKER: brokerKind };
