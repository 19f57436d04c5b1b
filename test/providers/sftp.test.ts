/** SFTP against a real server of ssh2: files are whole or not there, and nobody answers in the server's name. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SftpServer, startSftpServer } from '#test/support/sftp-server.ts';
import { connectSftp, type SftpConnection } from '../../providers/sftp/index.ts';

let folder: string;
let server: SftpServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-sftp-'));
  await mkdir(join(folder, 'remote'));
  server = await startSftpServer(join(folder, 'remote'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const connect = (change: Partial<SftpConnection> = {}) =>
  connectSftp(
    {
      conn: async <T>() =>
        ({
          id: 'partner',
          type: 'sftp',
          host: '127.0.0.1',
          port: server.port,
          login: 'taxi',
          password: 'yellow',
          extra: { host_key: server.fingerprint },
          ...change,
        }) as T,
    },
    'partner',
  );

it('files go there and come back, and replace what was there', async () => {
  await using sftp = await connect();
  const bytes = Buffer.alloc(300_000, 'trips ');
  await writeFile(join(folder, 'large'), bytes);
  expect(await sftp.upload(join(folder, 'large'), '/in/2021/trips.csv')).toMatchObject({ path: '/in/2021/trips.csv', bytes: 300_000 });
  await sftp.download('/in/2021/trips.csv', join(folder, 'back'));
  expect((await readFile(join(folder, 'back'))).equals(bytes)).toBe(true);
  await writeFile(join(folder, 'small'), 'new');
  await sftp.upload(join(folder, 'small'), '/in/2021/trips.csv');
  expect(await readFile(join(folder, 'remote/in/2021/trips.csv'), 'utf8')).toBe('new');
  expect((await sftp.list('/in/2021')).map((file) => [file.path, file.bytes, file.isFolder])).toEqual([['/in/2021/trips.csv', 3, false]]);
  expect((await sftp.list('/in')).map((file) => [file.path, file.isFolder])).toEqual([['/in/2021', true]]);
  expect([await sftp.delete('/in/2021/trips.csv'), await sftp.delete('/in/2021/trips.csv')]).toEqual([true, false]);
});

it('what is not there fails at once and leaves no file', async () => {
  await using sftp = await connect();
  expect(await sftp.find('/none')).toBe(null);
  await expect(sftp.download('/none', join(folder, 'none'))).rejects.toMatchObject({ name: 'Fatal' });
  await expect(sftp.list('/none')).rejects.toThrow('listing /none failed');
  expect(await readdir(folder)).not.toContain('none');
});

it('a server with another key, a refused login and a missing fingerprint are told apart', async () => {
  await expect(connect({ extra: { host_key: 'SHA256:ofAnotherServer' } })).rejects.toThrow(`the server's key is ${server.fingerprint}`);
  await expect(connect({ password: 'green' })).rejects.toThrow('the login is refused');
  await expect(connect({ extra: {} })).rejects.toThrow('has no host_key: anybody could answer');
  await expect(connect({ type: 'http' })).rejects.toThrow('not sftp');
  await using trusting = await connect({ extra: { no_host_key_check: true } });
  expect(await trusting.exists('/')).toBe(true);
});
