/**
 * Every XCom backend keeps the same promises: a folder, Google Cloud Storage (our emulator) and S3 (a server of another maker).
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, systemClock } from '#platform/clock.ts';
import { Secret } from '#platform/config/config.ts';
import { openXcomBackend, type XcomBackend } from '#platform/xcom/backend.ts';
import { type GcsEmulator, startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { openS3 } from '../../providers/amazon/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-xcom-backends-'));
let gcs: GcsEmulator;
let s3: FauxqsServer;
beforeAll(async () => {
  gcs = await startGcsEmulator({ port: 0, clock: systemClock });
  gcs.objects.createBucket('values');
  s3 = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  await using client = await openS3({ ...s3Access(), connectionId: 'test' });
  await client.ensureBucket('values');
});
afterAll(async () => {
  await gcs.stop();
  await s3.stop();
  rmSync(folder, { recursive: true });
});

const s3Access = () => ({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${s3.port}`,
  credentials: { accessKeyId: 'k', secretAccessKey: 's' },
});

const keeping = (values: readonly string[], frames: readonly string[] = []) => ({ values: new Set(values), frames: new Set(frames) });

interface Kind {
  readonly name: string;
  readonly open: () => XcomBackend | null;
  /** Puts other bytes where those with the hash are. */
  readonly spoil: (run: string, hash: string) => Promise<void> | void;
  /** Makes what is there old. */
  readonly age: (run: string, hash: string) => void;
}

const KINDS: readonly Kind[] = [
  {
    name: 'a folder',
    open: () => openXcomBackend({ xcomBackend: folder }),
    spoil: (run, hash) => writeFileSync(join(folder, run, `${hash}.json`), 'other'),
    age: (run, hash) => utimesSync(join(folder, run, `${hash}.json`), 0, 0),
  },
  {
    name: 'Google Cloud Storage',
    open: () =>
      openXcomBackend({
        xcomBackend: 'gs://values/xcom/',
        xcomBackendConnection: new Secret(`google-cloud-platform://?project=p&storage_endpoint=${encodeURIComponent(gcs.url)}`),
      }),
    spoil: (run, hash) => void gcs.objects.put('values', `xcom/${run}/${hash}.json`, Buffer.from('other'), {}),
    age: () => undefined,
  },
  {
    name: 'S3',
    open: () =>
      openXcomBackend({
        xcomBackend: 's3://values/xcom',
        xcomBackendConnection: new Secret(`aws://k:s@?endpoint_url=${encodeURIComponent(`http://127.0.0.1:${s3.port}`)}`),
      }),
    spoil: async (run, hash) => {
      await using client = await openS3({ ...s3Access(), connectionId: 'test' });
      await client.upload(Buffer.from('other'), `s3://values/xcom/${run}/${hash}.json`);
    },
    age: () => undefined,
  },
];

describe.each(KINDS)('$name', ({ open, spoil, age }) => {
  const opened = () => {
    const backend = open();
    if (backend === null) throw new Error('no backend');
    return backend;
  };

  it('gives back what was put there, under the same reference however often', async () => {
    const backend = opened();
    const run = newId();
    const bytes = Buffer.from(JSON.stringify({ text: 'é'.repeat(300_000) }));
    const put = await backend.put(run, bytes);
    expect(put).toEqual({ ref: `${backend.scheme}:${run}/${put.hash}`, hash: createHash('sha256').update(bytes).digest('hex') });
    expect(await backend.put(run, bytes)).toEqual(put);
    expect((await opened().get(put.ref)).equals(bytes)).toBe(true);
  });

  it('says what is gone or spoiled, and follows no reference that leads elsewhere', async () => {
    const backend = opened();
    const run = newId();
    const { ref, hash } = await backend.put(run, Buffer.from('1'));
    await spoil(run, hash);
    await expect(backend.get(ref)).rejects.toThrow('not those that were written');
    await expect(backend.get(`${backend.scheme}:${newId()}/${hash}`)).rejects.toThrow('it was removed. Clear the task');
    for (const wrong of [`${backend.scheme}:../../x`, `other:${run}/${hash}`])
      await expect(backend.get(wrong)).rejects.toThrow('this is no reference of');
  });

  it('is pruned of what nobody refers to, once it is old enough', async () => {
    const backend = opened();
    const run = newId();
    const kept = await backend.put(run, Buffer.from('kept'));
    const left = await backend.put(run, Buffer.from('left'));
    expect(await backend.listRuns()).toContain(run);
    expect(await backend.prune(run, keeping([kept.hash]), 3_600_000)).toBe(0);
    age(run, left.hash);
    expect(await backend.prune(run, keeping([kept.hash]), -60_000)).toBe(1);
    expect((await backend.get(kept.ref)).toString()).toBe('kept');
    await expect(backend.get(left.ref)).rejects.toThrow('it was removed');
    age(run, kept.hash);
    expect(await backend.prune(run, keeping([]), -60_000)).toBe(1);
    expect(await backend.listRuns()).not.toContain(run);
  });
});

it('a bucket outlives faults of its service, and says which bucket it is when it cannot', async () => {
  const backend = KINDS[1]?.open();
  if (!backend) throw new Error('no backend');
  const run = newId();
  gcs.fail({ method: 'POST', status: 503, times: 1 });
  const { ref } = await backend.put(run, Buffer.from('1'));
  gcs.fail({ method: 'GET', path: /alt=media/, status: 503, times: 2 });
  expect((await backend.get(ref)).toString()).toBe('1');
  gcs.fail({ method: 'GET', path: /alt=media/, status: 403, times: 1 });
  await expect(backend.get(ref)).rejects.toThrow('The XCom backend cannot read from gs://values:');
  const missing = openXcomBackend({
    xcomBackend: 'gs://no-such-bucket',
    xcomBackendConnection: new Secret(`google-cloud-platform://?storage_endpoint=${gcs.url}`),
  });
  await expect(missing?.put(run, Buffer.from('1'))).rejects.toThrow(
    'cannot write to gs://no-such-bucket: The specified bucket does not exist',
  );
});

it('a setting that is no place is refused', () => {
  expect(() => openXcomBackend({ xcomBackend: 'ftp://values' })).toThrow('which is no backend');
  expect(openXcomBackend({ xcomBackend: '' })).toBe(null);
});
