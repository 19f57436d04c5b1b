/**
 * Where XComs lie that are too large for Postgres. Bytes in, a reference out; a reference in, the bytes out. Backends
 * run in the supervisor and the web server, never in a task process: they may need credentials. What lies there is
 * named by run and content, so that writing twice is harmless and what nobody refers to can be found and removed.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AppError } from '#core/errors.ts';
import type { RangedBytes } from '../bytes/ranged-bytes.ts';
import type { Config } from '../config/config.ts';
import { openBucket, readObjectUri } from '../objects/open-bucket.ts';
import { type Connection, parseConnection } from '../secrets/connection.ts';
import { withGoogleKey } from '../secrets/google-credentials.ts';
import { FolderBackend } from './folder-backend.ts';
import { ObjectBackend } from './object-backend.ts';

export interface XcomRef {
  /** "<scheme>:<run>/<hash>": which backend, and where in it. */
  readonly ref: string;
  /** sha256 of the bytes, hex. */
  readonly hash: string;
}

/** What somebody still refers to, by hash. */
export interface Kept {
  readonly values: ReadonlySet<string>;
  /** Null: all, since nobody knows. */
  readonly frames: ReadonlySet<string> | null;
}

export interface XcomBackend {
  readonly scheme: string;
  /** The same bytes of the same run give the same reference. */
  put(dagRunId: string, bytes: Buffer): Promise<XcomRef>;
  /** Throws NOT_FOUND when nothing lies there, or something else than what was put there. */
  get(ref: string): Promise<Buffer>;
  /** Runs of which something lies there. */
  listRuns(): Promise<readonly string[]>;
  /** Removes what lies there of a run, but for what is kept and what is younger. Returns how many. */
  prune(dagRunId: string, keep: Kept, olderThanMs: number): Promise<number>;
  /** A frame of the run, named by its hash. What is there already is not sent again. */
  putFrame(dagRunId: string, sha256: string, frame: RangedBytes): Promise<void>;
  /** Throws NOT_FOUND when there is none. It is read in pieces. */
  openFrame(dagRunId: string, sha256: string): Promise<RangedBytes>;
}

/** Null = none is configured. Throws CONFIG_INVALID when the setting names none. */
export function openXcomBackend({ xcomBackend, xcomBackendConnection, googleCredentials }: BackendSettings): XcomBackend | null {
  if (xcomBackend === '') return null;
  const url = xcomBackend.startsWith('/') ? pathToFileURL(xcomBackend).href : xcomBackend;
  if (url.startsWith('file:///')) return new FolderBackend(fileURLToPath(url));
  const place = readObjectUri(url);
  if (place === null)
    throw new AppError(
      'CONFIG_INVALID',
      `WINDLASS_XCOM_BACKEND is ${JSON.stringify(xcomBackend)}, which is no backend. Use a folder, such as file:///srv/windlass/xcom, a bucket, such as gs://bucket/xcom or s3://bucket/xcom, or leave it empty.`,
    );
  const connection = xcomBackendConnection?.isSet
    ? parseConnection('xcom_backend', xcomBackendConnection.reveal(), 'WINDLASS_XCOM_BACKEND_CONNECTION')
    : null;
  return new ObjectBackend({
    scheme: place.scheme,
    bucket: place.bucket,
    prefix: place.key.replace(/^\/+|\/+$/g, ''),
    open: async () => openBucket(place, place.scheme === 'gs' ? await ofGoogle(connection, googleCredentials) : connection),
  });
}

type BackendSettings = Pick<Config, 'xcomBackend'> & Partial<Pick<Config, 'xcomBackendConnection' | 'googleCredentials'>>;

/** With the default key, if it brings none and there is one. */
async function ofGoogle(connection: Connection | null, credentials: Config['googleCredentials'] | undefined): Promise<Connection> {
  const nothing = {
    id: 'xcom_backend',
    type: 'google_cloud_platform',
    host: null,
    port: null,
    login: null,
    password: null,
    schema: null,
    extra: {},
  };
  return withGoogleKey(connection ?? nothing, credentials?.reveal() ?? '');
}
