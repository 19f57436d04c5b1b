/** A connection as a task sees it, and how it is read from a URL or from JSON (environment variables). */
import { AppError } from '#core/errors.ts';

export interface Connection {
  readonly id: string;
  /** "postgres", "http", …: which hook understands it. */
  readonly type: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  /** Airflow's word for the database name of a connection to a database. */
  readonly schema: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Name of the environment variable that defines the connection: my-db -> WINDLASS_CONN_MY_DB. */
export function connectionVariable(id: string): string {
  return `WINDLASS_CONN_${id.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()}`;
}

/**
 * Reads `type://login:password@host:port/schema?key=value` or Airflow's JSON form. Throws CONFIG_INVALID, naming
 * `where` it stands; the message never holds the text, which may carry a password.
 */
export function parseConnection(id: string, text: string, where: string = connectionVariable(id)): Connection {
  return text.trimStart().startsWith('{') ? fromJson(id, text, where) : fromUrl(id, text, where);
}

const NO_HOST = 'no-host.invalid';

function fromUrl(id: string, text: string, where: string): Connection {
  // Airflow's form of a login without a host, aws://key:secret@/?region_name=…, is no URL to the parser.
  const whole = text.replace(/^([a-z][\w+.-]*:\/\/[^/?#@]*@)(?=[/?#]|$)/i, `$1${NO_HOST}`);
  const url = URL.canParse(whole) ? new URL(whole) : null;
  if (url === null)
    throw new AppError(
      'CONFIG_INVALID',
      `${where} is not a URL. Write it as type://login:password@host:port/schema?key=value, with special characters percent-encoded.`,
    );
  const query = Object.fromEntries(url.searchParams);
  const { __extra__: extraText, ...parameters } = query;
  return {
    id,
    type: url.protocol.slice(0, -1).replaceAll('-', '_'),
    host: url.hostname === '' || url.hostname === NO_HOST ? null : decode(url.hostname),
    port: url.port === '' ? null : Number(url.port),
    login: url.username === '' ? null : decode(url.username),
    password: url.password === '' ? null : decode(url.password),
    schema: url.pathname.length > 1 ? decode(url.pathname.slice(1)) : null,
    extra: extraText === undefined ? parameters : { ...parameters, ...parseExtra(id, extraText) },
  };
}

function fromJson(id: string, text: string, where: string): Connection {
  const value = parseExtra(id, text);
  const string = (name: string) => (typeof value[name] === 'string' && value[name] !== '' ? (value[name] as string) : null);
  const type = string('conn_type');
  if (type === null) throw new AppError('CONFIG_INVALID', `${where} is JSON without "conn_type". Add it, for example "postgres".`);
  const extra = typeof value['extra'] === 'string' ? parseExtra(id, value['extra']) : (value['extra'] ?? {});
  const port = Number(value['port']);
  return {
    id,
    type,
    host: string('host'),
    port: value['port'] === undefined || value['port'] === null || !Number.isInteger(port) ? null : port,
    login: string('login'),
    password: string('password'),
    schema: string('schema'),
    extra: extra as Readonly<Record<string, unknown>>,
  };
}

function parseExtra(id: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through to the one message below: the parser's own would quote the text.
  }
  throw new AppError('CONFIG_INVALID', `The extra of connection ${id} must be a JSON object, for example {"sslmode": "require"}.`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
