/** What the settings must be beside their types: each by itself, and together. Throws CONFIG_INVALID with the next step. */
import { isIP } from 'node:net';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import type { Config, Secret } from './config.ts';
import { readBundles } from './dag-bundles.ts';

const CHOICES = {
  broker: ['WINDLASS_BROKER', ['auto', 'redis', 'postgres']],
  logLevel: ['WINDLASS_LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']],
  logFormat: ['WINDLASS_LOG_FORMAT', ['auto', 'json', 'pretty']],
} as const;

/** Of Postgres' schema and of Redis' keys. */
const PREFIX = /^[A-Za-z0-9_-]{1,48}$/;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const SECRET_KEY_MIN_CHARS = 32;

export function checkSettings(config: Config): void {
  // A lease must outlive several renewals, else healthy workers lose their tasks.
  if (config.leaseTtlMs < 3 * config.leaseRenewMs)
    throw invalid(
      `WINDLASS_LEASE_TTL_MS (${config.leaseTtlMs}) must be at least three times WINDLASS_LEASE_RENEW_MS (${config.leaseRenewMs}).`,
    );
  for (const [name, [env, choices]] of Object.entries(CHOICES)) checkChoice(env, config[name as keyof typeof CHOICES], choices);
  checkPostgresUrl('DATABASE_URL', config.databaseUrl);
  checkRedisUrl('REDIS_URL', config.redisUrl);
  checkBaseUrl(config.baseUrl);
  if (!PREFIX.test(config.brokerPrefix))
    throw invalid(`WINDLASS_BROKER_PREFIX must be 1 to 48 letters, digits, _ or -, but is ${JSON.stringify(config.brokerPrefix)}.`);
  checkQueues(config.workerQueues);
  readBundles(config);
  if (!/^\d{0,10}$/.test(config.taskUid)) throw invalid(`WINDLASS_TASK_UID must be a number, but is ${JSON.stringify(config.taskUid)}.`);
  for (const proxy of config.trustedProxies) checkAddress('WINDLASS_TRUSTED_PROXIES', proxy);
  for (const [env, port] of [
    ['WINDLASS_WEB_PORT', config.webPort],
    ['WINDLASS_MONITOR_PORT', config.monitorPort],
  ] as const)
    if (port > 65_535) throw invalid(`${env} must be a port from 0 to 65535, but is ${port}.`);
  if (config.secretKey.isSet && config.secretKey.reveal().length < SECRET_KEY_MIN_CHARS)
    throw invalid(
      `WINDLASS_SECRET_KEY must have at least ${SECRET_KEY_MIN_CHARS} characters. Make one with: openssl rand -base64 32, and give the same one to every process.`,
    );
}

const invalid = (message: string) => new AppError('CONFIG_INVALID', message);

function checkQueues(queues: readonly string[]): void {
  const wrong = queues.find((name) => !isKey(name));
  if (wrong !== undefined)
    throw invalid(
      `WINDLASS_WORKER_QUEUES has ${JSON.stringify(wrong)}, which is no name of a queue. Separate names by commas: default,gpu`,
    );
  if (queues.length === 0) throw invalid('WINDLASS_WORKER_QUEUES names no queue. Separate names by commas: default,gpu');
}

function checkBaseUrl(text: string): void {
  if (text === '') return;
  const protocol = URL.parse(text)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return;
  throw invalid(`WINDLASS_BASE_URL must be an address such as https://windlass.example.com, but is ${JSON.stringify(text)}.`);
}

function checkAddress(env: string, text: string): void {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
  if (family !== 0 && isRange && rest.length === 0) return;
  throw invalid(`${env} must hold addresses such as 10.0.0.7 or 10.0.0.0/8, but has ${JSON.stringify(text)}.`);
}

function checkChoice(env: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw invalid(`${env} must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}, but is ${JSON.stringify(value)}.`);
}

function checkPostgresUrl(env: string, value: Secret): void {
  checkUrl(env, value, ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/windlass');
  const mode = value.isSet ? URL.parse(value.reveal())?.searchParams.get('sslmode') : null;
  if (mode === null || mode === undefined || SSL_MODES.includes(mode)) return;
  const near = closest(mode, new Set(SSL_MODES));
  throw invalid(
    `${env} has sslmode=${mode.slice(0, 40)}, which Postgres does not know.${near ? ` Did you mean ${near}?` : ''} There are: ${SSL_MODES.join(', ')}.`,
  );
}

function checkRedisUrl(env: string, value: Secret): void {
  checkUrl(env, value, ['redis:', 'rediss:'], 'redis://host:6379/0');
  const database = value.isSet ? (URL.parse(value.reveal())?.pathname.slice(1) ?? '') : '';
  if (!/^\d{0,9}$/.test(database))
    throw invalid(`${env} names the database ${JSON.stringify(database.slice(0, 40))}; Redis numbers them: redis://host:6379/0.`);
}

/** A URL may hold a password, so what is wrong with it is said without showing it. */
function checkUrl(env: string, value: Secret, protocols: readonly string[], example: string): void {
  if (!value.isSet) return;
  const parsed = URL.parse(value.reveal());
  if (parsed !== null && protocols.includes(parsed.protocol) && isEncoded(parsed)) return;
  const problem = parsed === null || protocols.includes(parsed.protocol) ? 'cannot be read as a URL' : `begins with ${parsed.protocol}//`;
  throw invalid(`${env} ${problem}; it must look like ${example}. A password with characters such as @ / # % must be percent-encoded.`);
}

/** What follows a % must be two hexadecimal digits that make UTF-8: the drivers decode it. */
function isEncoded({ username, password, pathname }: URL): boolean {
  try {
    decodeURIComponent(username + password + pathname);
    return true;
  } catch {
    return false;
  }
}
