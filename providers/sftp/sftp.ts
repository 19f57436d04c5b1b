/** Files on other machines, by SFTP. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Client, ConnectConfig, SFTPWrapper } from 'ssh2';
import type { Connection } from '#sdk/context.ts';
import { type Ctx, Fatal, notYet, type Pending } from '#sdk/index.ts';
import { writeWhole } from '../files/whole-file.ts';

export type SftpConnection = Pick<Connection, 'id' | 'type' | 'host' | 'port' | 'login' | 'password' | 'extra'>;

/** Whatever hands out connections: a task's `ctx`. */
export interface ConnectionSource {
  conn<T>(id: string): Promise<T>;
  readonly signal?: AbortSignal;
}

export interface RemoteFile {
  readonly path: string;
  readonly bytes: number;
  readonly updated: Date;
  readonly isFolder: boolean;
}

const CONNECT_MS = 15_000;

/** Opens the connection `id` of a task: `await using sftp = await connectSftp(ctx, 'partner')`. */
export async function connectSftp(ctx: ConnectionSource, id: string): Promise<Sftp> {
  return openSftp(await ctx.conn<SftpConnection>(id), ctx.signal);
}

/**
 * Password, or in the extra `private_key` or `key_file` (a path on the worker) and `private_key_passphrase`. `host_key` is the
 * server's fingerprint, as `ssh-keygen -lf` prints it ("SHA256:…"); a server with another one is refused. It must be given, unless
 * the extra says `"no_host_key_check": true`.
 */
export async function openSftp(connection: SftpConnection, signal?: AbortSignal): Promise<Sftp> {
  const { id, type, host } = connection;
  if (type !== 'sftp' && type !== 'ssh')
    throw new Fatal(`connection "${id}" is of type "${type}", not sftp. Name another, or change its type.`);
  if (host === null || host === '') throw new Fatal(`connection "${id}" has no host.`);
  signal?.throwIfAborted();
  const seen: { fingerprint: string | null } = { fingerprint: null };
  const config = await connectConfig(connection, seen);
  const { Client: SshClient } = await import('ssh2');
  const client = new SshClient();
  const cut = () => client.destroy();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.once('error', reject);
      client.connect(config);
    });
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, made) => (error ? reject(error) : resolve(made))));
    // A connection that breaks while idle must not end the process: the next call reports it.
    client.on('error', () => undefined);
    return new Sftp(client, sftp, () => signal?.removeEventListener('abort', cut));
  } catch (cause) {
    client.destroy();
    signal?.removeEventListener('abort', cut);
    signal?.throwIfAborted();
    throw cannotConnect(connection, cause, seen.fingerprint);
  }
}

async function connectConfig(
  { id, host, port, login, password, extra }: SftpConnection,
  seen: { fingerprint: string | null },
): Promise<ConnectConfig> {
  const text = (name: string) => (typeof extra[name] === 'string' && extra[name] !== '' ? (extra[name] as string) : undefined);
  const keyFile = text('key_file');
  const privateKey =
    text('private_key') ??
    (keyFile === undefined
      ? undefined
      : await readFile(keyFile, 'utf8').catch((cause: Error) => {
          throw new Fatal(`connection "${id}": the key file ${keyFile} cannot be read: ${cause.message}.`, { cause });
        }));
  const passphrase = text('private_key_passphrase');
  const wanted = text('host_key')?.replace(/=+$/, '');
  if (wanted === undefined && extra['no_host_key_check'] !== true)
    throw new Fatal(
      `connection "${id}" has no host_key: anybody could answer in the server's name. Put its fingerprint into the extra: ssh-keyscan ${host} | ssh-keygen -lf - prints it as SHA256:…`,
    );
  return {
    host: host as string,
    port: port ?? 22,
    username: login ?? 'root',
    readyTimeout: CONNECT_MS,
    keepaliveInterval: 10_000,
    ...(password === null ? {} : { password }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    hostVerifier: (key: Buffer) => {
      seen.fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
      return wanted === undefined || seen.fingerprint === wanted;
    },
  };
}

function cannotConnect({ id, host, port }: SftpConnection, cause: unknown, fingerprint: string | null): Error {
  const { message, level } = cause as { message: string; level?: string };
  const place = `SFTP connection "${id}" (${host}:${port ?? 22})`;
  if (level === 'client-authentication') return new Fatal(`${place}: the login is refused. Correct login, password or key.`, { cause });
  if (/host denied|verification failed/i.test(message))
    return new Fatal(
      `${place}: the server's key is ${fingerprint}, not the one of the connection. Is it the right server? Then correct host_key.`,
      { cause },
    );
  return new Error(`${place} cannot be opened: ${message}.`, { cause });
}

export class Sftp implements AsyncDisposable {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #release: () => void;

  constructor(client: Client, sftp: SFTPWrapper, release: () => void) {
    this.#client = client;
    this.#sftp = sftp;
    this.#release = release;
  }

  /** Sends a file. It appears under its name when it is whole; folders are made. */
  async upload(path: string, remote: string): Promise<RemoteFile> {
    const { size } = await stat(path);
    const unfinished = `${remote}.part`;
    await this.ensureFolder(posix.dirname(remote));
    await this.#say(`uploading ${remote}`, () => pipeline(createReadStream(path), this.#sftp.createWriteStream(unfinished)));
    const sent = await this.find(unfinished);
    if (sent?.bytes !== size)
      throw new Error(`uploading ${remote} failed: ${size} bytes were sent, but ${sent?.bytes ?? 'none'} are there.`);
    // Plain SFTP does not rename over a file; the extension of OpenSSH does, in one instant.
    await this.#say(`renaming ${unfinished}`, () =>
      this.#call((done) => this.#sftp.ext_openssh_rename(unfinished, remote, done)).catch(async () => {
        await this.delete(remote);
        await this.#call((done) => this.#sftp.rename(unfinished, remote, done));
      }),
    );
    return { ...sent, path: remote };
  }

  /** Fetches a file: whole, or not at all. */
  async download(remote: string, path: string): Promise<RemoteFile> {
    const found = await this.find(remote);
    if (found === null) throw new Fatal(`downloading ${remote} failed: there is no such file. Check the path.`);
    await this.#say(`downloading ${remote}`, () =>
      writeWhole(path, async (unfinished) => {
        await pipeline(this.#sftp.createReadStream(remote), createWriteStream(unfinished));
        const { size } = await stat(unfinished);
        if (size !== found.bytes) throw new Error(`only ${size} of ${found.bytes} bytes came.`);
      }),
    );
    return found;
  }

  /** What lies in a folder, in the order of the names. */
  async list(folder: string): Promise<readonly RemoteFile[]> {
    const entries = await this.#say(`listing ${folder}`, () =>
      this.#ask<readonly Entry[]>((done) => this.#sftp.readdir(folder, done as never)),
    );
    return entries.map(({ filename, attrs }) => shapeOf(posix.join(folder, filename), attrs)).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Null when there is none. */
  async find(remote: string): Promise<RemoteFile | null> {
    try {
      return shapeOf(remote, await this.#ask<Attributes>((done) => this.#sftp.stat(remote, done as never)));
    } catch (error) {
      if ((error as { code?: number }).code === NO_SUCH_FILE) return null;
      throw explain(`looking for ${remote}`, error);
    }
  }

  async exists(remote: string): Promise<boolean> {
    return (await this.find(remote)) !== null;
  }

  /** False when there was none. */
  async delete(remote: string): Promise<boolean> {
    if (!(await this.exists(remote))) return false;
    await this.#say(`deleting ${remote}`, () => this.#call((done) => this.#sftp.unlink(remote, done)));
    return true;
  }

  /** Makes the folder and those above it, if need be. */
  async ensureFolder(folder: string): Promise<void> {
    if (folder === '.' || folder === '/' || (await this.exists(folder))) return;
    await this.ensureFolder(posix.dirname(folder));
    await this.#say(`creating ${folder}`, () => this.#call((done) => this.#sftp.mkdir(folder, done)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    this.#client.end();
  }

  #call(run: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
  }

  #ask<T>(run: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value))));
  }

  async #say<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(doing, error);
    }
  }
}

interface Attributes {
  readonly size: number;
  readonly mtime: number;
  readonly mode: number;
}

interface Entry {
  readonly filename: string;
  readonly attrs: Attributes;
}

/** Status codes of SFTP. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FORMAT_MASK = 0o170000;
const FOLDER = 0o040000;

function shapeOf(path: string, { size, mtime, mode }: Attributes): RemoteFile {
  return { path, bytes: size, updated: new Date(mtime * 1000), isFolder: (mode & FORMAT_MASK) === FOLDER };
}

function explain(doing: string, error: unknown): Error {
  if (error instanceof Fatal) return error;
  const { code, message } = error as { code?: number; message: string };
  const text = `${doing} failed: ${message}.`;
  return code === NO_SUCH_FILE || code === PERMISSION_DENIED ? new Fatal(text, { cause: error }) : new Error(text, { cause: error });
}

/** `sensor("arrived", sftpFileExists("partner", "/in/{{ ds }}.csv"), { every: "5m" })`; the result is the file. */
export function sftpFileExists(connection: string, remote: string): (ctx: Ctx<unknown>) => Promise<RemoteFile | Pending> {
  return async (ctx) => {
    const rendered = await ctx.template(remote);
    await using sftp = await connectSftp(ctx, connection);
    return (await sftp.find(rendered)) ?? notYet({ note: `${rendered} is not there` });
  };
}
