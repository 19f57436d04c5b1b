/** A Windlass connection to Google Cloud: who asks, and for which project. */
import { readFile } from 'node:fs/promises';
import type { Connection } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';

export type GoogleConnection = Pick<Connection, 'id' | 'type' | 'extra'>;

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
  readonly signal?: AbortSignal;
}

/** What the clients of Google's libraries are made with. */
export interface GoogleAccess {
  readonly connectionId: string;
  /** Absent: the one of the credentials, or of the machine. */
  readonly projectId?: string;
  /** Absent: application default credentials. */
  readonly credentials?: Readonly<Record<string, string>>;
  readonly storageEndpoint?: string;
  readonly bigqueryEndpoint?: string;
  readonly location?: string;
}

export const GOOGLE_DEFAULT = 'google_cloud_default';

const TYPES = new Set(['google_cloud_platform', 'gcpbigquery', 'google_cloud']);

/** Reads the connection `id` of a task. Throws Fatal, saying what to change, when it cannot be used. */
export async function googleAccess(ctx: ConnectionSource, id: string): Promise<GoogleAccess> {
  return readGoogleConnection(await ctx.conn<GoogleConnection>(id));
}

/**
 * The extra, as in Airflow: `project`, and `key_path` (a file on the worker) or `keyfile_dict` (the key itself, as JSON); with
 * neither, the machine's own credentials. `storage_endpoint` and `bigquery_endpoint` lead to emulators, which ask for none.
 */
export async function readGoogleConnection(connection: GoogleConnection): Promise<GoogleAccess> {
  const { id, type } = connection;
  if (!TYPES.has(type))
    throw new Fatal(`connection "${id}" is of type "${type}", not google_cloud_platform. Name another, or change its type.`);
  const field = (name: string) => textOf(connection.extra[name] ?? connection.extra[`extra__google_cloud_platform__${name}`]);
  const keyPath = field('key_path') ?? field('keyfile_path');
  const keyDict = connection.extra['keyfile_dict'] ?? connection.extra['extra__google_cloud_platform__keyfile_dict'];
  if (keyPath !== undefined && keyDict !== undefined && keyDict !== '')
    throw new Fatal(`connection "${id}" has both key_path and keyfile_dict. Keep one of them.`);
  const credentials = keyPath !== undefined ? await readKeyFile(id, keyPath) : readKey(id, keyDict);
  const projectId = field('project') ?? field('project_id') ?? credentials?.['project_id'];
  const [storageEndpoint, bigqueryEndpoint, location] = [field('storage_endpoint'), field('bigquery_endpoint'), field('location')];
  return {
    connectionId: id,
    ...(projectId === undefined ? {} : { projectId }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(storageEndpoint === undefined ? {} : { storageEndpoint }),
    ...(bigqueryEndpoint === undefined ? {} : { bigqueryEndpoint }),
    ...(location === undefined ? {} : { location }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function readKeyFile(id: string, path: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file on this worker' : cause.message;
    throw new Fatal(`connection "${id}": the key file ${path} cannot be read: ${why}.`, { cause });
  });
  return checkKey(id, parseKey(id, text));
}

function readKey(id: string, value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return checkKey(id, typeof value === 'string' ? parseKey(id, value) : value);
}

/** The parser's own message would quote the key. */
function parseKey(id: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fatal(`connection "${id}": the key is no JSON. Give the whole file that Google made.`);
  }
}

/** Without these Google's library fails later, in its own words. */
const NEEDED_BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['refresh_token'],
  external_account: ['audience', 'subject_token_type', 'credential_source'],
};

function checkKey(id: string, key: unknown): Readonly<Record<string, string>> {
  const given = (key ?? {}) as Readonly<Record<string, string>>;
  const { type } = given;
  const needed = Object.hasOwn(NEEDED_BY_TYPE, String(type)) ? NEEDED_BY_TYPE[String(type)] : undefined;
  if (needed?.every((field) => given[field])) return given;
  throw new Fatal(
    `connection "${id}": the key is of type ${JSON.stringify(type ?? null)}, or incomplete. Give the key of a service account (type, client_email, private_key), or leave it out to use the machine's own credentials.`,
  );
}
