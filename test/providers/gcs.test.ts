/**
 * Google Cloud Storage with Google's own client over HTTP: what arrives is what was sent, faults of the service are outlived,
 * and what no retry will help with fails at once and says what to do.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { type GcsEmulator, startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { connectGcs, type Gcs, readGoogleConnection } from '../../providers/google/index.ts';
import { writeDataset } from '../../providers/parquet/index.ts';

let folder: string;
let emulator: GcsEmulator;
let gcs: Gcs;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-gcs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  emulator = await startGcsEmulator({ port: 0, clock: systemClock });
  emulator.objects.createBucket('lake');
  gcs = await connectGcs({ conn: async <T>() => connection() as T });
});
afterEach(() => emulator.stop());

const connection = (extra: object = {}) => ({
  id: 'google_cloud_default',
  type: 'google_cloud_platform',
  extra: { project: 'test', storage_endpoint: emulator.url, ...extra },
});
const stored = (name: string) => emulator.objects.get('lake', name).bytes;
/** Larger than a resumable upload begins at. */
const LARGE = Buffer.alloc(9 * 1024 * 1024);
for (let i = 0; i < LARGE.length; i++) LARGE[i] = (i * 31 + (i >> 9)) & 255;

async function file(name: string, bytes: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('an upload', () => {
  it('brings a file, small or large, and bytes', async () => {
    const sent = await gcs.upload(await file('a.txt', 'héllo'), 'gs://lake/in/a.txt', { contentType: 'text/plain' });
    expect(sent).toMatchObject({ uri: 'gs://lake/in/a.txt', bytes: 6 });
    expect(stored('in/a.txt').toString()).toBe('héllo');
    expect(emulator.objects.get('lake', 'in/a.txt').contentType).toBe('text/plain');
    await gcs.upload(await file('large', LARGE), 'gs://lake/large');
    expect(stored('large').equals(LARGE)).toBe(true);
    await gcs.upload(Buffer.from([1, 2]), 'gs://lake/bytes');
    expect([...stored('bytes')]).toEqual([1, 2]);
  });

  it('outlives faults of the service and lost answers, also after one without a precondition', async () => {
    await gcs.upload(Buffer.from('first'), 'gs://lake/first');
    for (const status of [503, 'reset', 'lost'] as const) {
      emulator.fail({ method: 'POST', path: /upload/, status, times: 1 });
      await gcs.upload(Buffer.from(`after ${status}`), `gs://lake/${status}`);
      expect(stored(String(status)).toString()).toBe(`after ${status}`);
      emulator.fail({ method: 'GET', status: status === 'lost' ? 503 : status, times: 1 });
      expect(await gcs.exists(`gs://lake/${status}`)).toBe(true);
    }
  });

  it('of a large file goes on after a fault', async () => {
    emulator.fail({ method: 'PUT', status: 503, times: 1 });
    await gcs.upload(await file('large', LARGE), 'gs://lake/large');
    expect(stored('large').equals(LARGE)).toBe(true);
  });

  it('can be made only if there is nothing of that name', async () => {
    await gcs.upload(Buffer.from('1'), 'gs://lake/once', { ifAbsent: true });
    await expect(gcs.upload(Buffer.from('2'), 'gs://lake/once', { ifAbsent: true })).rejects.toMatchObject({ name: 'Fatal' });
    expect(stored('once').toString()).toBe('1');
  });

  it('of a folder keeps its paths', async () => {
    await mkdir(join(folder, 'tree/b'), { recursive: true });
    await file('tree/a.txt', 'a');
    await file('tree/b/c.txt', 'c');
    expect((await gcs.uploadFolder(join(folder, 'tree'), 'gs://lake/tree/')).map((object) => object.uri)).toEqual([
      'gs://lake/tree/a.txt',
      'gs://lake/tree/b/c.txt',
    ]);
  });

  it('of a dataset replaces the partitions that it has rows of, and leaves the others', async () => {
    const frame = (text: string) => readCsvBatches([Buffer.from(`day,n\n${text}`)], { types: { day: 'date', n: 'int64' } });
    const write = (text: string, fileName: string) =>
      writeDataset(join(folder, 'dataset'), frame(text), { partitionBy: ['day'], existing: 'replace-all', fileName });
    await gcs.uploadDataset(await write('2021-01-01,1\n2021-01-02,2\n', 'old'), 'gs://lake/trips');
    const dataset = await write('2021-01-02,3\n', 'new');
    for (const _ of [1, 2]) {
      await gcs.uploadDataset(dataset, 'gs://lake/trips');
      expect((await gcs.list('gs://lake/trips/')).map((object) => object.uri)).toEqual([
        'gs://lake/trips/day=2021-01-01/old.parquet',
        'gs://lake/trips/day=2021-01-02/new.parquet',
      ]);
    }
  });
});

describe('a download', () => {
  it('outlives faults of the service: whole and checked, or no file at all', async () => {
    emulator.objects.put('lake', 'large', LARGE, {});
    for (const status of [503, 'reset'] as const) {
      emulator.fail({ method: 'GET', path: /alt=media/, status, times: 2 });
      expect(await gcs.download('gs://lake/large', join(folder, 'fetched'))).toMatchObject({ bytes: LARGE.byteLength });
      expect((await readFile(join(folder, 'fetched'))).equals(LARGE)).toBe(true);
    }
    emulator.fail({ method: 'GET', path: /alt=media/, status: 403, times: 1 });
    await expect(gcs.download('gs://lake/large', join(folder, 'refused'))).rejects.toThrow('grant it the role');
    expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([]);
  });

  it('of what is not there fails at once, and says so', async () => {
    await expect(gcs.download('gs://lake/none', join(folder, 'none'))).rejects.toMatchObject({
      name: 'Fatal',
      message: expect.stringMatching(/^downloading gs:\/\/lake\/none failed \(connection "google_cloud_default", 404\): .*check the name/),
    });
    await expect(gcs.read('gs://no-such-bucket/x')).rejects.toThrow('404');
  });

  it('into memory is for small objects', async () => {
    emulator.objects.put('lake', 'small', Buffer.from('{"a":1}'), {});
    expect((await gcs.read('gs://lake/small')).toString()).toBe('{"a":1}');
  });
});

describe('what is there', () => {
  it('is listed in the order of its names, page after page, and by folder', async () => {
    for (let i = 0; i < 1_205; i++) emulator.objects.put('lake', `many/${String(i).padStart(4, '0')}`, Buffer.from('x'), {});
    emulator.objects.put('lake', 'many/sub/deep', Buffer.from('x'), {});
    const uris = (await gcs.list('gs://lake/many/')).map((object) => object.uri);
    expect(uris).toHaveLength(1_206);
    expect(uris[1_000]).toBe('gs://lake/many/1000');
    expect(await gcs.listFolders('gs://lake')).toEqual(['gs://lake/many/']);
    expect(await gcs.listFolders('gs://lake/many')).toEqual(['gs://lake/many/sub/']);
    expect(await gcs.deleteAll('gs://lake/many/12')).toBe(5);
  });

  it('is found and deleted; what is not there is neither', async () => {
    await gcs.upload(Buffer.from('x'), 'gs://lake/x');
    expect(await gcs.find('gs://lake/x')).toMatchObject({ bytes: 1 });
    expect([await gcs.delete('gs://lake/x'), await gcs.delete('gs://lake/x')]).toEqual([true, false]);
    expect(await gcs.find('gs://lake/x')).toBe(null);
    await gcs.ensureBucket('other');
    await gcs.ensureBucket('other');
    expect(emulator.objects.hasBucket('other')).toBe(true);
  });

  it('must be named as an object', async () => {
    await expect(gcs.upload(Buffer.from('x'), 's3://lake/x')).rejects.toThrow('Write it as gs://bucket/folder/file');
    await expect(gcs.upload(Buffer.from('x'), 'gs://lake/folder/')).rejects.toThrow('names no object');
  });
});

describe('a connection', () => {
  const key = { type: 'service_account', project_id: 'of-the-key', client_email: 'a@b', private_key: '-----BEGIN' };

  it('takes the key from a file, from the extra as JSON or object, or is without one', async () => {
    const path = await file('key.json', JSON.stringify(key));
    for (const extra of [
      { key_path: path },
      { keyfile_dict: JSON.stringify(key) },
      { keyfile_dict: key },
      { extra__google_cloud_platform__key_path: path },
    ])
      expect(await readGoogleConnection({ id: 'g', type: 'google_cloud_platform', extra })).toEqual({
        connectionId: 'g',
        projectId: 'of-the-key',
        credentials: key,
      });
    expect(await readGoogleConnection({ id: 'g', type: 'google_cloud_platform', extra: { project: 'p' } })).toEqual({
      connectionId: 'g',
      projectId: 'p',
    });
  });

  it.each([
    [{ key_path: '/no/such/key.json' }, 'there is no such file on this worker'],
    [{ keyfile_dict: 'not { json' }, 'the key is no JSON'],
    [{ keyfile_dict: { type: 'external_account' } }, 'Give the key of a service account'],
    [{ keyfile_dict: { type: 'service_account' } }, 'or incomplete'],
    [{ key_path: '/a', keyfile_dict: '{}' }, 'Keep one of them'],
  ])('that cannot be used says what to change: %j', async (extra, message) => {
    await expect(readGoogleConnection({ id: 'g', type: 'google_cloud_platform', extra })).rejects.toThrow(message);
  });

  it('of another type is refused', async () => {
    await expect(readGoogleConnection({ id: 'g', type: 'postgres', extra: {} })).rejects.toThrow(
      'is of type "postgres", not google_cloud_platform',
    );
  });
});
