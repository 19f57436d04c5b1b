/** Chooses the broker: REDIS_URL if there is one, else Postgres. (`standalone` sets REDIS_URL when it starts a Redis.) */
import { AppError } from '#core/errors.ts';
import { type Clock, systemClock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import type { Broker } from './broker.ts';
import { openPostgresBroker } from './postgres-broker.ts';
import { openRedisBroker } from './redis-broker.ts';

export function openBroker(config: Config, db: Database, logger: Logger, clock: Clock = systemClock): Promise<Broker> {
  const wantsRedis = config.broker === 'redis' || (config.broker === 'auto' && config.redisUrl.isSet);
  if (!wantsRedis) return openPostgresBroker({ url: db.url, prefix: config.brokerPrefix, clock, logger });
  if (!config.redisUrl.isSet)
    throw new AppError('CONFIG_INVALID', 'WINDLASS_BROKER is redis, but REDIS_URL is empty. Set it, for example redis://localhost:6379/0.');
  return openRedisBroker({ url: config.redisUrl.reveal(), prefix: config.brokerPrefix, clock, logger });
}
