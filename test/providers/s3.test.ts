/**
 * Amazon S3 with Amazon's own client over HTTP, against a server of another maker: what arrives is what was sent, and errors say
 * what to do.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectS3, openS3, readAwsConnection, type S3 } from '../../providers/amazon/index.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { writeDataset } from '../../providers/parquet/index.ts';

let folder: string;
let server: FauxqsServer;
let s3: S3;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-s3-'));
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  s3 = await connectS3({ conn: async <T>() => connection() as T });
  await s3.ensureBucket('lake');
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const connection = (change: object = {}) => ({
  id: 'aws_default',
  type: 'aws',
  login: 'key',
  password: 'secret',
  extra: { region_name: 'eu-central-1', endpoint_url: `http://127.0.0.1:${server.port}` },
  ...change,
});
/** More than one part. */
const LARGE = Buffer.alloc(9 * 1024 * 1024);
for (let i = 0; i < LARGE.length; i++) LARGE[i] = (i * 31 + (i >> 9)) & 255;

it('brings files and bytes there and back, large ones in parts', async () => {
  await writeFile(join(folder, 'large'), LARGE);
  expect(await s3.upload(join(folder, 'large'), 's3://lake/large')).toMatchObject({ uri: 's3://lake/large', bytes: LARGE.byteLength });
  await s3.download('s3://lake/large', join(folder, 'back'));
  expect((await readFile(join(folder, 'back'))).equals(LARGE)).toBe(true);
  await s3.upload(Buffer.from('héllo'), 's3://lake/small', { contentType: 'text/plain' });
  expect((await s3.read('s3://lake/small')).toString()).toBe('héllo');
});

it('lists page after page and by folder, finds and deletes', async () => {
  for (let i = 0; i < 1_003; i += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, 1_003 - i) }, (_, j) =>
        s3.upload(Buffer.from('x'), `s3://lake/many/${String(i + j).padStart(4, '0')}`),
      ),
    );
  expect((await s3.list('s3://lake/many/')).map((object) => object.uri).slice(-1)).toEqual(['s3://lake/many/1002']);
  await s3.upload(Buffer.from('x'), 's3://lake/tree/sub/deep');
  expect(await s3.listFolders('s3://lake/tree')).toEqual(['s3://lake/tree/sub/']);
  expect([await s3.exists('s3://lake/many/0001'), await s3.exists('s3://lake/many/none')]).toEqual([true, false]);
  expect(await s3.deleteAll('s3://lake/many/')).toBe(1_003);
  expect(await s3.list('s3://lake/many/')).toEqual([]);
});

it('replaces the partitions that a dataset has rows of, and leaves the others', async () => {
  const write = (text: string, fileName: string) =>
    writeDataset(join(folder, 'dataset'), readCsvBatches([Buffer.from(`day,n\n${text}`)], { types: { day: 'date', n: 'int64' } }), {
      partitionBy: ['day'],
      existing: 'replace-all',
      fileName,
    });
  await s3.uploadDataset(await write('2021-01-01,1\n2021-01-02,2\n', 'old'), 's3://lake/trips');
  await s3.uploadDataset(await write('2021-01-02,3\n', 'new'), 's3://lake/trips');
  expect((await s3.list('s3://lake/trips/')).map((object) => object.uri)).toEqual([
    's3://lake/trips/day=2021-01-01/old.parquet',
    's3://lake/trips/day=2021-01-02/new.parquet',
  ]);
});

it('what is not there fails at once and says so, and leaves no file', async () => {
  await expect(s3.download('s3://lake/none', join(folder, 'none'))).rejects.toMatchObject({
    name: 'Fatal',
    message: expect.stringMatching(/^downloading s3:\/\/lake\/none failed \(connection "aws_default", 404\): .*There is no such object/),
  });
  expect(await readdir(folder)).not.toContain('none');
  await expect(s3.upload(Buffer.from('x'), 's3://no-such-bucket/x')).rejects.toThrow('There is no such bucket');
  await expect(s3.upload(Buffer.from('x'), 'gs://lake/x')).rejects.toThrow('Write it as s3://bucket/folder/file');
});

it('outlives faults of the service', async () => {
  let faults = 2;
  const proxy: Server = createServer((request, response) => {
    request.resume();
    if (faults-- > 0) return void response.writeHead(503).end();
    response.writeHead(200, { 'content-length': '5', etag: '"e"', 'last-modified': new Date(0).toUTCString() }).end('hello');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await using through = await openS3({ ...readAwsConnection(connection()), endpoint });
  expect((await through.read('s3://lake/x')).toString()).toBe('hello');
  proxy.close();
});

it('a connection that cannot be used says what to change', () => {
  expect(readAwsConnection(connection())).toMatchObject({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  });
  expect(readAwsConnection(connection({ login: null, password: null, extra: {} }))).toEqual({
    connectionId: 'aws_default',
    region: 'us-east-1',
  });
  expect(() => readAwsConnection(connection({ password: null }))).toThrow('an access key but no secret');
  expect(() => readAwsConnection(connection({ type: 'http' }))).toThrow('is of type "http", not aws');
});
