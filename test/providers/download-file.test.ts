/**
 * Downloads against a real HTTP server: whole files only, and each failure told apart by whether a retry helps.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { downloadFile } from '../../providers/files/index.ts';

const FILE = randomBytes(3_000_000);
let folder: string;
let path: string;
let server: Server;
let base: string;
let calls = 0;

const routes: Record<string, RequestListener> = {
  '/file': (_, response) => response.setHeader('content-length', FILE.length).end(FILE),
  '/chunked': (_, response) => {
    for (let at = 0; at < FILE.length; at += 100_000) response.write(FILE.subarray(at, at + 100_000));
    response.end();
  },
  '/packed': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(FILE)),
  '/moved': (_, response) => response.writeHead(302, { location: '/file' }).end(),
  '/cut': (_, response) => {
    response.setHeader('content-length', FILE.length);
    response.write(FILE.subarray(0, 1000), () => response.destroy());
  },
  '/busy': (_, response) => response.writeHead(503, { 'retry-after': '7' }).end(),
  '/broken': (_, response) => response.writeHead(500).end(),
  '/stalled': (_, response) => response.write('a little'),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    calls++;
    const route = routes[request.url ?? ''];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-download-'));
  path = join(folder, 'file');
  calls = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each(['/file', '/chunked', '/packed', '/moved'])('writes the whole of %s, with its size and sum', async (route) => {
  const seen: number[] = [];
  const download = await downloadFile(base + route, path, { onProgress: (bytes) => seen.push(bytes) });
  expect(download).toEqual({ path, bytes: FILE.length, sha256: createHash('sha256').update(FILE).digest('hex') });
  expect((await readFile(path)).equals(FILE)).toBe(true);
  expect(seen.at(-1)).toBe(FILE.length);
  expect(await readdir(folder)).toEqual(['file']);
});

it('leaves nothing behind when the file arrives cut off', async () => {
  await expect(downloadFile(`${base}/cut`, path)).rejects.toThrow(`${base}/cut`);
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['/absent', 'Fatal', 'the server answered 404 Not Found. Check the URL.'],
  ['/busy', 'RetryAfter', 'the server answered 503'],
  ['/broken', 'Error', 'the server answered 500'],
])('%s fails as %s, in one attempt', async (route, name, words) => {
  const failed = downloadFile(base + route, path);
  await expect(failed).rejects.toMatchObject({ name });
  await expect(failed).rejects.toThrow(words);
  expect(calls).toBe(1);
});

it('takes the delay that the server names', async () => {
  await expect(downloadFile(`${base}/busy`, path)).rejects.toMatchObject({ delay: 7000 });
});

it('gives up when nothing arrives for a while', async () => {
  await expect(downloadFile(`${base}/stalled`, path, { idleTimeoutMs: 50 })).rejects.toThrow('nothing arrived for 50 ms');
  expect(await readdir(folder)).toEqual([]);
});

it('gives up when the task is cancelled', async () => {
  const cancel = new AbortController();
  const download = downloadFile(`${base}/stalled`, path, {
    signal: cancel.signal,
    onProgress: () => cancel.abort(new Error('cancelled by the user')),
  });
  await expect(download).rejects.toThrow('cancelled by the user');
  expect(await readdir(folder)).toEqual([]);
});

it('refuses files that are too large, and what is no web address', async () => {
  await expect(downloadFile(`${base}/file`, path, { maxBytes: 1000 })).rejects.toThrow('larger than the 1000 bytes allowed');
  for (const url of ['trips.csv', 'file:///etc/passwd', '']) {
    await expect(downloadFile(url, path)).rejects.toMatchObject({
      name: 'Fatal',
      message: expect.stringContaining('is not an http or https URL'),
    });
  }
});

it('says why a server cannot be reached', async () => {
  await expect(downloadFile('http://127.0.0.1:1/x', path)).rejects.toThrow(/http:\/\/127\.0\.0\.1:1\/x: the download failed: .+/);
});
