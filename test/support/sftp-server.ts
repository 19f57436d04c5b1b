/** A real SFTP server over a folder, of ssh2's own server class. */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Connection as ClientConnection, Server, utils } from 'ssh2';

export interface SftpServer {
  readonly port: number;
  /** As `ssh-keygen -lf` prints it. */
  readonly fingerprint: string;
  stop(): Promise<void>;
}

const { STATUS_CODE, OPEN_MODE } = utils.sftp;

/** One login: `taxi` with the password `yellow`. */
export async function startSftpServer(folder: string): Promise<SftpServer> {
  const key = utils.generateKeyPairSync('ed25519');
  const parsed = utils.parseKey(key.private);
  if (parsed instanceof Error) throw parsed;
  const clients = new Set<ClientConnection>();
  const server = new Server({ hostKeys: [key.private] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => {
      if (attempt.method === 'password' && attempt.username === 'taxi' && attempt.password === 'yellow') attempt.accept();
      else attempt.reject(['password']);
    });
    client.on('session', (accept) => accept().on('sftp', (acceptSftp) => serve(acceptSftp(), folder)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    fingerprint: `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    async stop() {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the types of ssh2 do not tell its server's events apart
function serve(sftp: any, folder: string): void {
  const path = (name: string) => join(folder, name);
  const lists = new Map<number, string[]>();
  const handleOf = (number: number) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(number);
    return handle;
  };
  /** Runs the work and answers with its failure; returns undefined then. */
  const attempt = <T>(id: number, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE;
      sftp.status(id, code, (error as Error).message);
      return undefined;
    }
  };
  const attributes = (name: string) => {
    const { mode, size, uid, gid, atimeMs, mtimeMs } = statSync(path(name));
    return { mode, size, uid, gid, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
  };
  const done = (id: number, work: () => void) => {
    const worked = attempt(id, () => {
      work();
      return true;
    });
    if (worked) sftp.status(id, STATUS_CODE.OK);
  };
  sftp.on('OPEN', (id: number, name: string, flags: number) => {
    const file = attempt(id, () => openSync(path(name), flags & OPEN_MODE.WRITE ? 'w' : 'r'));
    if (file !== undefined) sftp.handle(id, handleOf(file));
  });
  sftp.on('WRITE', (id: number, handle: Buffer, offset: number, data: Buffer) =>
    done(id, () => void writeSync(handle.readUInt32BE(0), data, 0, data.length, offset)),
  );
  sftp.on('READ', (id: number, handle: Buffer, offset: number, length: number) => {
    const bytes = Buffer.alloc(length);
    const read = attempt(id, () => readSync(handle.readUInt32BE(0), bytes, 0, length, offset));
    if (read === 0) sftp.status(id, STATUS_CODE.EOF);
    else if (read !== undefined) sftp.data(id, bytes.subarray(0, read));
  });
  sftp.on('CLOSE', (id: number, handle: Buffer) => {
    const number = handle.readUInt32BE(0);
    if (!lists.delete(number)) closeSync(number);
    sftp.status(id, STATUS_CODE.OK);
  });
  for (const event of ['STAT', 'LSTAT'])
    sftp.on(event, (id: number, name: string) => {
      const found = attempt(id, () => attributes(name));
      if (found !== undefined) sftp.attrs(id, found);
    });
  sftp.on('FSTAT', (id: number) => sftp.status(id, STATUS_CODE.OP_UNSUPPORTED));
  sftp.on('FSETSTAT', (id: number) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('SETSTAT', (id: number) => sftp.status(id, STATUS_CODE.OK));
  sftp.on('OPENDIR', (id: number, name: string) => {
    const names = attempt(id, () => readdirSync(path(name)).map((entry) => join(name, entry)));
    if (names === undefined) return;
    const number = 1_000_000 + lists.size;
    lists.set(number, names);
    sftp.handle(id, handleOf(number));
  });
  sftp.on('READDIR', (id: number, handle: Buffer) => {
    const names = lists.get(handle.readUInt32BE(0))?.splice(0) ?? [];
    if (names.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else
      sftp.name(
        id,
        names.map((name) => ({ filename: name.slice(name.lastIndexOf('/') + 1), longname: name, attrs: attributes(name) })),
      );
  });
  sftp.on('MKDIR', (id: number, name: string) => done(id, () => mkdirSync(path(name))));
  sftp.on('REMOVE', (id: number, name: string) => done(id, () => rmSync(path(name))));
  // As plain SFTP: no renaming over a file that is there.
  sftp.on('RENAME', (id: number, from: string, to: string) =>
    done(id, () => {
      if (statSync(path(to), { throwIfNoEntry: false }) !== undefined) throw new Error('there is a file of that name');
      renameSync(path(from), path(to));
    }),
  );
  sftp.on('EXTENDED', (id: number) => sftp.status(id, STATUS_CODE.OP_UNSUPPORTED));
}
