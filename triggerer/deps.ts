/** What every part of a triggerer works with. */
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import type { Masker } from '#platform/mask.ts';
import type { SecretStore } from '#platform/secrets/secret-store.ts';

export interface TriggererDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: SecretStore;
  readonly masker: Masker;
}
