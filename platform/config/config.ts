/**
 * Reads the settings once, at the start of a process, and freezes them. This is the only file that reads the
 * environment. Secrets may come over an inherited pipe (`WINDLASS_CONFIG_FD`), so that a process which runs
 * strangers' code beside it does not carry them in /proc/<pid>/environ.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { CONFIG_KEYS, type ConfigName, type ConfigType } from './keys.ts';

/** A secret that does not show itself in logs, JSON or string building. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  get isSet(): boolean {
    return this.#value !== '';
  }
  toString(): string {
    return '***';
  }
  toJSON(): string {
    return '***';
  }
}

type ValueOf<T extends ConfigType> = T extends 'int' | 'number'
  ? number
  : T extends 'bool'
    ? boolean
    : T extends 'list'
      ? readonly string[]
      : T extends 'secret'
        ? Secret
        : string;

export type Config = { readonly [K in ConfigName]: ValueOf<(typeof CONFIG_KEYS)[K]['type']> } & {
  /** Where each value came from: "default", "environment" or "pipe". */
  readonly sources: Readonly<Record<ConfigName, string>>;
  /** Connections given by WINDLASS_CONN_<ID>, id in lower case -> URL. */
  readonly connections: ReadonlyMap<string, Secret>;
  /** Variables given by WINDLASS_VAR_<KEY>. */
  readonly variables: ReadonlyMap<string, string>;
  /** Settings of plugins by WINDLASS_PLUGIN_<NAME>_<KEY>: "<name>_<key>" in lower case -> value. */
  readonly pluginSettings: ReadonlyMap<string, Secret>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const CONNECTION_PREFIX = 'WINDLASS_CONN_';
const VARIABLE_PREFIX = 'WINDLASS_VAR_';
const PLUGIN_PREFIX = 'WINDLASS_PLUGIN_';
/** Names with our prefix that are no settings of a process. */
const OTHER_NAMES = new Set(['WINDLASS_CONFIG_FD', 'WINDLASS_UID', 'WINDLASS_TEST_LOG', 'WINDLASS_IMAGE', 'WINDLASS_REEXECUTED']);

/** Reads `.env` beside the project (never overriding the environment), then the environment, then the pipe. */
export function readConfig(environment: Environment = process.env, folder: string = process.cwd()): Config {
  const dotEnv = readDotEnv(resolve(folder, '.env'));
  const local = readDotEnv(resolve(folder, '.env.local'));
  const merged: Record<string, string | undefined> = { ...dotEnv, ...local, ...environment };
  const piped = readPipe(environment['WINDLASS_CONFIG_FD']);
  refuseUnknownNames(merged);

  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [name, key] of Object.entries(CONFIG_KEYS)) {
    const fromFile = readSecretFile(merged[`${key.env}_FILE`], key.env);
    const text = piped[key.env] ?? fromFile ?? merged[key.env];
    const given = text !== undefined && text !== '';
    values[name] = parseValue(key.env, key.type, given ? text : key.fallback, folder);
    sources[name] = !given
      ? 'default'
      : piped[key.env] !== undefined
        ? 'pipe'
        : environment[key.env] !== undefined
          ? 'environment'
          : '.env';
  }
  const config = {
    ...values,
    sources,
    connections: new Map(withPrefix({ ...merged, ...piped }, CONNECTION_PREFIX).map(([id, url]) => [id, new Secret(url)])),
    variables: new Map(withPrefix({ ...merged, ...piped }, VARIABLE_PREFIX)),
    pluginSettings: new Map(withPrefix({ ...merged, ...piped }, PLUGIN_PREFIX).map(([name, value]) => [name, new Secret(value)])),
  } as unknown as Config;
  checkArithmetic(config);
  return Object.freeze(config);
}

function withPrefix(environment: Environment, prefix: string): [string, string][] {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(prefix) && value !== undefined)
    .map(([name, value]) => [name.slice(prefix.length).toLowerCase(), value as string]);
}

function parseValue(env: string, type: ConfigType, text: string, folder: string): unknown {
  switch (type) {
    case 'string':
      return text;
    case 'path':
      return parsePath(env, resolve(folder, text));
    case 'secret':
      return new Secret(text);
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'bool': {
      const lower = text.toLowerCase();
      if (['true', '1', 'yes', 'on'].includes(lower)) return true;
      if (['false', '0', 'no', 'off'].includes(lower)) return false;
      throw new AppError('CONFIG_INVALID', `${env} must be true or false, but is ${JSON.stringify(text)}.`);
    }
    case 'int': {
      if (!/^\d{1,12}$/.test(text)) throw new AppError('CONFIG_INVALID', `${env} must be a whole number, but is ${JSON.stringify(text)}.`);
      return Number(text);
    }
    case 'number': {
      if (!/^\d{1,9}(\.\d{1,9})?$/.test(text))
        throw new AppError('CONFIG_INVALID', `${env} must be a number such as 30 or 0.5, but is ${JSON.stringify(text)}.`);
      return Number(text);
    }
  }
}

/** Nothing can be kept there, and making a folder there never ends: Node tries for ever. */
const NO_DISK = /^\/(?:proc|sys)(?:\/|$)/;

function parsePath(env: string, path: string): string {
  if (!NO_DISK.test(path)) return path;
  throw new AppError('CONFIG_INVALID', `${env} is ${path}, where the kernel keeps no files of ours. Name a folder on a disk.`);
}

function refuseUnknownNames(environment: Environment): void {
  const known = new Set<string>(Object.values(CONFIG_KEYS).flatMap((key) => [key.env, `${key.env}_FILE`]));
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('WINDLASS_') || known.has(name) || OTHER_NAMES.has(name)) continue;
    if ([CONNECTION_PREFIX, VARIABLE_PREFIX, PLUGIN_PREFIX].some((prefix) => name.startsWith(prefix))) continue;
    const near = closest(name, known);
    throw new AppError(
      'CONFIG_INVALID',
      `${name} is no setting of Windlass.${near ? ` Did you mean ${near}?` : ''} See: windlass config list`,
    );
  }
}

/** A lease must outlive several renewals, else healthy workers lose their tasks. */
function checkArithmetic(config: Config): void {
  if (config.leaseTtlMs < 3 * config.leaseRenewMs)
    throw new AppError(
      'CONFIG_INVALID',
      `WINDLASS_LEASE_TTL_MS (${config.leaseTtlMs}) must be at least three times WINDLASS_LEASE_RENEW_MS (${config.leaseRenewMs}).`,
    );
  if (config.workerSlots < 1) throw new AppError('CONFIG_INVALID', 'WINDLASS_WORKER_SLOTS must be at least 1.');
  checkChoice('WINDLASS_BROKER', config.broker, ['auto', 'redis', 'postgres']);
  checkChoice('WINDLASS_LOG_LEVEL', config.logLevel, ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);
  checkChoice('WINDLASS_LOG_FORMAT', config.logFormat, ['auto', 'json', 'pretty']);
  checkUrl('DATABASE_URL', config.databaseUrl, ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/windlass');
  checkUrl('REDIS_URL', config.redisUrl, ['redis:', 'rediss:'], 'redis://host:6379/0');
  for (const proxy of config.trustedProxies) checkAddress('WINDLASS_TRUSTED_PROXIES', proxy);
  for (const [env, port] of [
    ['WINDLASS_WEB_PORT', config.webPort],
    ['WINDLASS_MONITOR_PORT', config.monitorPort],
  ] as const)
    if (port > 65_535) throw new AppError('CONFIG_INVALID', `${env} must be a port from 0 to 65535, but is ${port}.`);
}

function checkAddress(env: string, text: string): void {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
  if (family !== 0 && isRange && rest.length === 0) return;
  throw new AppError('CONFIG_INVALID', `${env} must hold addresses such as 10.0.0.7 or 10.0.0.0/8, but has ${JSON.stringify(text)}.`);
}

function checkChoice(env: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new AppError(
    'CONFIG_INVALID',
    `${env} must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}, but is ${JSON.stringify(value)}.`,
  );
}

/** A URL may hold a password, so what is wrong with it is said without showing it. */
function checkUrl(env: string, value: Secret, protocols: readonly string[], example: string): void {
  if (!value.isSet) return;
  const protocol = URL.parse(value.reveal())?.protocol;
  if (protocol !== undefined && protocols.includes(protocol)) return;
  const problem = protocol === undefined ? 'cannot be read as a URL' : `begins with ${protocol}//`;
  throw new AppError(
    'CONFIG_INVALID',
    `${env} ${problem}; it must look like ${example}. A password with characters such as @ / # % must be percent-encoded.`,
  );
}

function readSecretFile(path: string | undefined, env: string): string | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `${env}_FILE names ${path}, which cannot be read: ${(cause as Error).message}`, {}, { cause });
  }
}

function readPipe(fd: string | undefined): Record<string, string> {
  if (fd === undefined) return {};
  return JSON.parse(readFileSync(Number(fd), 'utf8')) as Record<string, string>;
}

function readDotEnv(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const values: Record<string, string> = {};
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const match = /^\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) values[match[1] as string] = (match[2] as string).replace(/^(['"])(.*)\1$/, '$2');
  }
  return values;
}
