/** Which broker the settings mean: REDIS_URL if there is one, else Postgres. (`standalone` sets REDIS_URL when it starts a Redis.) */
import type { Config } from './config.ts';

export function chosenBroker(config: Pick<Config, 'broker' | 'redisUrl'>): 'redis' | 'postgres' {
  if (config.broker === 'auto') return config.redisUrl.isSet ? 'redis' : 'postgres';
  return config.broker === 'redis' ? 'redis' : 'postgres';
}
