/**
 * What a long-lived process looks at when it has started: the cheap checks of `windlass doctor`. What would break a promise
 * is refused before (settings, schema, a broker that wants a password); this warns of what will hurt, and says what to do.
 */
import type { Broker } from '#platform/broker/broker.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { listOpenServices } from '#platform/db/queries/care/list-open-services.ts';
import type { Logger } from '#platform/logger.ts';
import type { Finding } from './doctor/finding.ts';
import { checkConnections, checkPaused, checkPostgres, isAlive, judgeBroker } from './doctor/servers.ts';
import { checkAgreement, checkDisks, checkLeases } from './doctor/settings.ts';
import { clock } from './environment.ts';

export interface StartChecks {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly logger: Logger;
}

const BROKER_PATIENCE_MS = 3_000;

/** Never rejects: a check that cannot be made is no reason to stop. */
export async function checkAtStart(deps: StartChecks): Promise<void> {
  const { logger } = deps;
  try {
    for (const { check, health, words, next, details = [] } of await findings(deps)) {
      if (health === 'ok') continue;
      const whole = [`${words}.`, ...details.map((detail) => `${detail}.`), ...(next === undefined ? [] : [next])].join(' ');
      logger[health === 'problem' ? 'error' : 'warn']({ event: 'start.check', check }, `${check}: ${whole}`);
    }
  } catch (error) {
    logger.debug({ event: 'start.check_failed', err: error }, 'the checks at the start could not be made');
  }
}

async function findings({ config, db, broker }: StartChecks): Promise<readonly Finding[]> {
  const { findings: ofPostgres, facts } = await checkPostgres(db, clock);
  const living = (await listOpenServices(db)).filter((service) => isAlive(service, config));
  return [
    ...ofPostgres,
    checkConnections(facts, living.length),
    ...(await ofBroker(broker, config)),
    checkLeases(config),
    ...checkDisks(config),
    checkAgreement(living),
  ];
}

/** A broker that does not answer says so itself, again and again. That Postgres is a slow one is no news at each start. */
async function ofBroker(broker: Broker, config: Config): Promise<readonly Finding[]> {
  const judged = broker.kind === 'postgres' ? [] : broker.info().then(judgeBroker);
  const asked = Promise.all([judged, checkPaused(broker, config.workerQueues)]);
  return (await Promise.race([asked.catch(() => []), clock.sleep(BROKER_PATIENCE_MS).then(() => [])])).flat();
}
