/**
 * Google's default credentials, handed out with a connection that brings none: those that GOOGLE_APPLICATION_CREDENTIALS names (a file, or
 * the key itself as JSON), else the file that courses put into `~/.google/credentials`. Task processes have neither the variable nor
 * the file's content, unless they ask for a connection of Google. With none of them, Google's own library looks in HOME and at the machine.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { Connection } from './connection.ts';

export const GOOGLE_DEFAULT = 'google_cloud_default';

const TYPES: ReadonlySet<string> = new Set(['google_cloud_platform', 'gcpbigquery', 'google_cloud']);
/** Any of these says who asks, or that nobody needs to. */
const OWN = ['key_path', 'keyfile_path', 'keyfile_dict', 'storage_endpoint', 'bigquery_endpoint'];

/** Null when there are none. Throws CONFIG_INVALID when they are named, and cannot be read. */
export async function googleKey(given: string, home: string = homedir()): Promise<Readonly<Record<string, unknown>> | null> {
  if (given.trimStart().startsWith('{')) return parseKey(given, 'GOOGLE_APPLICATION_CREDENTIALS');
  const path = given === '' ? join(home, '.google/credentials/google_credentials.json') : given;
  try {
    return parseKey(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (given === '') return null;
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file on this machine' : (error as Error).message;
    throw new AppError('CONFIG_INVALID', `GOOGLE_APPLICATION_CREDENTIALS names ${path}, which cannot be read: ${why}.`);
  }
}

/** The connection with the default credentials in it, if it has none and there are some. */
export async function withGoogleKey(connection: Connection, given: string, home?: string): Promise<Connection> {
  const { extra } = connection;
  const hasOwn = OWN.some((name) =>
    [extra[name], extra[`extra__google_cloud_platform__${name}`]].some((value) => value !== undefined && value !== ''),
  );
  if (!TYPES.has(connection.type) || hasOwn) return connection;
  const key = await googleKey(given, home);
  return key === null ? connection : { ...connection, extra: { ...extra, keyfile_dict: key } };
}

/** The connection that stands nowhere, where there are default credentials; else null. */
export async function defaultGoogleConnection(id: string, given: string, home?: string): Promise<Connection | null> {
  if (id !== GOOGLE_DEFAULT || (await googleKey(given, home)) === null) return null;
  return { id, type: 'google_cloud_platform', host: null, port: null, login: null, password: null, schema: null, extra: {} };
}

/** The parser's own message would quote the key. */
function parseKey(text: string, where: string): Readonly<Record<string, unknown>> {
  try {
    const key: unknown = JSON.parse(text);
    if (typeof key === 'object' && key !== null && !Array.isArray(key)) return key as Record<string, unknown>;
  } catch {
    // Falls through.
  }
  throw new AppError('CONFIG_INVALID', `${where} holds no JSON key. Give the whole file that Google made.`);
}
