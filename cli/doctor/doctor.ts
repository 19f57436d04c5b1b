/** All checks of `windlass doctor`, in the order in which they are said. What cannot be looked at for want of something else is left out. */

import { formatDuration } from '#core/duration.ts';
import { isAppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { openBroker } from '#platform/broker/open-broker.ts';
import type { Clock } from '#platform/clock.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { listOpenServices, type OpenService } from '#platform/db/queries/care/list-open-services.ts';
import { listQueueRows } from '#platform/db/queries/monitor/list-queues.ts';
import { checkLogs } from '#platform/logs/check-logs.ts';
import { type CliDeps, clock, openCliDatabase, readCliConfig } from '../environment.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { checkBroker, checkConnections, checkPaused, checkPostgres, checkProcesses, checkQueues, isAlive } from './servers.ts';
import { checkAgreement, checkDisks, checkLeases } from './settings.ts';

export interface Examination extends Pick<CliDeps, 'config' | 'db' | 'logger'> {
  readonly clock: Clock;
  /** The invariants look at runs that ended within this time. */
  readonly historyMs: number;
}

/** Opens what there is, and looks at it. A mistyped setting or a database that is away is a finding like any other. */
export async function diagnose(historyMs: number): Promise<readonly Finding[]> {
  let here: readonly Finding[] = [];
  try {
    const config = readCliConfig();
    here = [checkLeases(config), ...checkDisks(config)];
    const { db, logger } = await openCliDatabase();
    try {
      return await examine({ config, db, logger, clock, historyMs });
    } finally {
      await db.close();
    }
  } catch (error) {
    const isConfig = isAppError(error) && error.code === 'CONFIG_INVALID';
    if (!isConfig && !(isAppError(error) && error.code === 'DATABASE_UNAVAILABLE')) throw error;
    const [words, next] = inTwo(error.message);
    return [problem(isConfig ? 'settings' : 'database', words, next), ...here];
  }
}

/** What is wrong, and the sentences after it: what to do. */
function inTwo(message: string): readonly [string, string] {
  const end = message.indexOf('. ');
  return end < 0 ? [message, 'See: windlass config list'] : [message.slice(0, end), message.slice(end + 2)];
}

export async function examine({ config, db, logger, clock, historyMs }: Examination): Promise<readonly Finding[]> {
  const { findings, facts, hasSchema } = await checkPostgres(db, clock);
  const here = [checkLeases(config), ...checkDisks(config)];
  if (!hasSchema) return [...findings, ...here];
  const services = await listOpenServices(db);
  const living = services.filter((service) => isAlive(service, config));
  let opened: Broker | null = null;
  const broker = await checkBroker(async () => {
    opened = await openBroker(config, db, logger, clock);
    return opened;
  });
  const queues = await lookIntoQueues(opened, { db, clock }, living);
  return [
    ...findings,
    checkConnections(facts, living.length),
    broker,
    ...queues,
    ...here,
    ...checkProcesses(services, config),
    checkAgreement(living),
    ...(await checkPromises({ db, historyMs, config })),
  ];
}

async function lookIntoQueues(
  broker: Broker | null,
  { db, clock }: Pick<Examination, 'db' | 'clock'>,
  living: readonly OpenService[],
): Promise<readonly Finding[]> {
  if (broker === null) return [];
  const queues = [...new Set([...living.flatMap((service) => service.queues ?? []), ...(await listQueueRows(db)).map((row) => row.queue)])];
  const found = queues.length === 0 ? null : await checkQueues(broker, db, queues, clock);
  const paused = await checkPaused(broker, queues).catch(() => []);
  await broker.close();
  return [...(found === null ? [] : [found]), ...paused];
}

async function checkPromises({ db, historyMs, config }: Pick<Examination, 'db' | 'historyMs' | 'config'>): Promise<readonly Finding[]> {
  const mayBeGone = config.retentionLogsDays > 0 || config.retentionLogsMaxMb > 0;
  const logs = await checkLogs(db, { logsFolder: config.logsFolder, historyMs, mayBeGone });
  const checked = [...(await checkInvariants(db, historyMs)), ...(logs === null ? [] : [logs])];
  const bad = checked.flatMap(({ id, promise, next, violations, hasMore, error }) => {
    if (error !== null)
      return [warning(id, `${promise} It could not be checked: ${error}`, 'Look at less of the past: windlass doctor --history 1h')];
    return violations.length === 0 ? [] : [problem(id, `Broken: ${promise}`, next, [...violations, ...(hasMore ? ['… and more'] : [])])];
  });
  return bad.length > 0
    ? bad
    : [ok('invariants', `all ${checked.length} hold, over open runs and those that ended in the last ${formatDuration(historyMs)}`)];
}
