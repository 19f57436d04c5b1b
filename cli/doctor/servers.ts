/** Postgres and the broker as this machine sees them, and the processes that use them. */
import { formatDuration } from '#core/duration.ts';
import { isAppError } from '#core/errors.ts';
import type { Broker, BrokerInfo } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import { checkSchema } from '#platform/db/migrate.ts';
import type { OpenService } from '#platform/db/queries/care/list-open-services.ts';
import { readServerFacts, type ServerFacts } from '#platform/db/queries/care/read-server-facts.ts';
import { listQueueRows } from '#platform/db/queries/monitor/list-queues.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import { formatBytes } from './format-bytes.ts';
import { nameOf } from './settings.ts';

const SKEW_ODD_MS = 1_000;
const SKEW_BAD_MS = 10_000;
/** The pool of a process, what is reserved for its leases and heartbeats, and the connection of the broker on Postgres. */
const CONNECTIONS_PER_PROCESS = 10;
const CONNECTIONS_SPARE = 5;
/** Heartbeats missed until a process counts as dead; the monitor says the same. */
const MISSED_BEATS = 6;
const NEEDED = ['scheduler', 'dag_processor', 'worker', 'triggerer', 'webserver'] as const;

export async function checkPostgres(
  db: Database,
  clock: Clock,
): Promise<{ readonly findings: readonly Finding[]; readonly facts: ServerFacts; readonly hasSchema: boolean }> {
  await readServerFacts(db); // the connection is open and the statement prepared: the next one measures the clock
  const [monotonic, before] = [clock.monotonic(), clock.now()];
  const facts = await readServerFacts(db);
  const tookMs = clock.monotonic() - monotonic;
  const words = `PostgreSQL ${facts.version.split(' ')[0]} answers in ${formatDuration(tookMs)}, the database has ${formatBytes(facts.databaseBytes)}`;
  const server = facts.isReadOnly
    ? problem('database', `${words}; it takes no writes`, 'Point DATABASE_URL at the primary server.')
    : ok('database', words);
  const schema = await checkSchema(db).then(
    (state) =>
      state.current > state.wanted
        ? warning(
            'schema',
            `version ${state.current}, newer than the ${state.wanted} of this Windlass, which can work with it`,
            'During an upgrade this is normal; then upgrade Windlass on this machine.',
          )
        : ok('schema', `version ${state.current}, as it should be`),
    (error: unknown) => {
      if (!isAppError(error)) throw error;
      return problem(
        'schema',
        error.message.split('. ')[0] as string,
        error.code === 'SCHEMA_MISSING' ? 'Run: windlass db migrate' : 'Upgrade Windlass on this machine.',
      );
    },
  );
  return { findings: [server, schema, checkSkew(facts.clockMs - (before + tookMs / 2))], facts, hasSchema: schema.health !== 'problem' };
}

export function checkSkew(skewMs: number): Finding {
  const size = Math.abs(skewMs);
  if (size < SKEW_ODD_MS) return ok('clock', `this machine and Postgres differ by ${formatDuration(size)}`);
  const words = `this machine is ${formatDuration(size)} ${skewMs > 0 ? 'behind' : 'ahead of'} Postgres`;
  const next = 'Synchronise both clocks (chrony, systemd-timesyncd). Leases go by the clock of Postgres; times in logs do not.';
  return size < SKEW_BAD_MS ? warning('clock', words, next) : problem('clock', words, next);
}

export function checkConnections(facts: Pick<ServerFacts, 'connections' | 'connectionsMax'>, processes: number): Finding {
  const { connections, connectionsMax } = facts;
  const atMost = processes * CONNECTIONS_PER_PROCESS;
  const words = `${connections} of ${connectionsMax} connections are used; ${processes} processes may take ${atMost}`;
  const next = `Raise max_connections of Postgres to ${Math.ceil((atMost + CONNECTIONS_SPARE) / 50) * 50 + 50}, or put PgBouncer (session mode) before it.`;
  if (connectionsMax - connections < CONNECTIONS_SPARE) return problem('connections', words, next);
  return atMost + CONNECTIONS_SPARE > connectionsMax ? warning('connections', words, next) : ok('connections', words);
}

export async function checkBroker(open: () => Promise<Broker>): Promise<Finding> {
  try {
    return judgeBroker(await (await open()).info());
  } catch (error) {
    return problem('broker', (error as Error).message, 'Nothing is lost meanwhile: queued tasks start when it is back.');
  }
}

export function judgeBroker({ kind, version, warnings }: BrokerInfo): Finding {
  if (kind === 'postgres')
    return warning(
      'broker',
      'Postgres is the broker, about ten times slower than Redis',
      'For many tasks set REDIS_URL, or install redis-server.',
    );
  const words = `Redis ${version} answers`;
  return warnings.length === 0
    ? ok('broker', `${words}, its maxmemory-policy is noeviction`)
    : problem('broker', words, 'Run redis-cli config set maxmemory-policy noeviction, and set it in redis.conf.', warnings);
}

/** Windlass pauses workers, never queues. Says nothing when all is well. */
export async function checkPaused(broker: Broker, queues: readonly string[]): Promise<readonly Finding[]> {
  const paused = (await broker.depths(queues)).filter((depth) => depth.isPaused);
  if (paused.length === 0) return [];
  return [
    problem(
      'paused',
      'queues are paused in the broker, by hand or by another program',
      `Resume them. With Redis: redis-cli hdel '{<WINDLASS_BROKER_PREFIX>}:<queue>:meta' paused. Meanwhile workers take a few tasks from Postgres now and then.`,
      paused.map(({ queue, waiting }) => `${queue}: ${waiting} wait`),
    ),
  ];
}

/** What the broker would have to forget, were it asked. */
const QUIET_MS = 1_500;

/** INV-24: the broker holds nothing that is over. Looks twice: a bell may be on its way. Null = it cannot be asked. */
export async function checkQueues(broker: Broker, db: Queryable, queues: readonly string[], clock: Clock): Promise<Finding | null> {
  const orphaned = async () => {
    const depths = await broker.depths(queues);
    const queued = new Map((await listQueueRows(db)).map((row) => [row.queue, row.queued]));
    return depths.filter(({ queue, waiting }) => waiting > (queued.get(queue) ?? 0));
  };
  try {
    const first = await orphaned();
    if (first.length > 0) await clock.sleep(QUIET_MS);
    const still = (first.length > 0 ? await orphaned() : []).filter(({ queue }) => first.some((one) => one.queue === queue));
    const jobs = still.reduce((sum, { waiting }) => sum + waiting, 0);
    return still.length === 0
      ? ok('queues', `${queues.length === 1 ? 'one queue holds' : `${queues.length} queues hold`} no more than what is queued`)
      : warning(
          'queues',
          `INV-24: the broker holds ${jobs} messages of tasks that wait no more`,
          'A worker of the queue takes and forgets them. Nothing is lost if Redis is emptied: what is queued is rung again.',
          still.map(({ queue, waiting }) => `queue ${queue}: ${waiting} messages`),
        );
  } catch {
    return null;
  }
}

export function isAlive(service: OpenService, config: Config): boolean {
  return service.silentMs < MISSED_BEATS * config.serviceHeartbeatMs;
}

export function checkProcesses(services: readonly OpenService[], config: Config): readonly Finding[] {
  const living = services.filter((service) => isAlive(service, config));
  const dead = services.filter((service) => !isAlive(service, config));
  const counts = [...Map.groupBy(living, (service) => service.kind)].map(
    ([kind, all]) => `${all.length} ${kind}${all.length === 1 ? '' : 's'}`,
  );
  const missing = NEEDED.filter((kind) => !living.some((service) => service.kind === kind));
  const words = living.length === 0 ? 'no process runs' : `${counts.join(', ')}`;
  return [
    missing.length === 0
      ? ok('processes', words)
      : warning(
          'processes',
          `${words}; there is no ${missing.join(', no ')}`,
          'Start what is missing: npm start for everything, or windlass scheduler, worker, triggerer, webserver.',
        ),
    dead.length === 0
      ? ok('deaths', 'no process died without stopping')
      : warning(
          'deaths',
          dead.length === 1 ? 'a process died without stopping' : `${dead.length} processes died without stopping`,
          'Look at the last lines of their logs (logs/windlass/<role>.log with standalone), and for "Out of memory" in dmesg. What they did was taken over.',
          dead.slice(0, 10).map((service) => `${nameOf(service)}, silent for ${formatDuration(service.silentMs)}`),
        ),
  ];
}
