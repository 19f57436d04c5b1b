/** Opens the broker that the settings choose. */
import { AppError } from '#core/errors.ts';
import { type Clock, systemClock } from '#platform/clock.ts';
import { chosenBroker } from '#platform/config/chosen-broker.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import type { Broker } from './broker.ts';
import { openPostgresBroker } from './postgres-broker.ts';
import { openRedisBroker } from './redis-broker.ts';

export function openBroker(config: Config, db: Database, logger: Logger, clock: Clock = systemClock): Promise<Broker> {
  if (chosenBroker(config) === 'postgres') return openPostgresBroker({ url: db.url, prefix: config.brokerPrefix, clock, logger });
  if (!config.redisUrl.isSet)
    throw new AppError('CONFIG_INVALID', 'WINDLASS_BROKER is redis, but REDIS_URL is empty. Set it, for example redis://localhost:6379/0.');
  return openRedisBroker({ url: config.redisUrl.reveal(), prefix: config.brokerPrefix, clock, logger });
}
