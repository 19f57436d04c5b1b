/**
 * Reads the settings once, at the start of a process, and freezes them. This is the only file that reads the
 * environment. Secrets may come over an inherited pipe (`WINDLASS_CONFIG_FD`), so that a process which runs
 * strangers' code beside it does not carry them in /proc/<pid>/environ.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { checkSettings } from './check-settings.ts';
import { CONFIG_KEYS, type ConfigKey, type ConfigName, type ConfigType } from './keys.ts';

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
    values[name] = parseValue(key, given ? text : key.fallback, folder);
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
  checkSettings(config);
  return Object.freeze(config);
}

function withPrefix(environment: Environment, prefix: string): [string, string][] {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(prefix) && value !== undefined)
    .map(([name, value]) => [name.slice(prefix.length).toLowerCase(), value as string]);
}

function parseValue({ env, type, min = 0, isUrl }: ConfigKey, text: string, folder: string): unknown {
  switch (type) {
    case 'string':
      return text;
    case 'path':
      return parsePath(env, resolve(folder, text));
    case 'secret':
      return new Secret(isUrl ? text.trim() : text);
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
      const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= INT_MAX) return value;
      throw new AppError('CONFIG_INVALID', `${env} must be a whole number from ${min} to ${INT_MAX}, but is ${JSON.stringify(text)}.`);
    }
    case 'number': {
      if (!/^\d{1,9}(\.\d{1,9})?$/.test(text))
        throw new AppError('CONFIG_INVALID', `${env} must be a number such as 30 or 0.5, but is ${JSON.stringify(text)}.`);
      return Number(text);
    }
  }
}

/** What Postgres' integer and Node's timers hold: a good 24 days in milliseconds. */
const INT_MAX = 2 ** 31 - 1;

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
  try {
    return JSON.parse(readFileSync(Number(fd), 'utf8')) as Record<string, string>;
  } catch (cause) {
    throw new AppError(
      'CONFIG_INVALID',
      `WINDLASS_CONFIG_FD is ${JSON.stringify(fd)}, which is no pipe with settings. Windlass sets it for its own processes: unset it.`,
      {},
      { cause },
    );
  }
}

function readDotEnv(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const values: Record<string, string> = {};
  for (const line of readFileSync(path, 'utf8')
    .replace(/^\ufeff/, '')
    .split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) values[match[1] as string] = (match[2] as string).replace(/^(['"])(.*)\1$/, '$2');
  }
  return values;
}
