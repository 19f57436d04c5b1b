/**
 * Goal: a watched place makes one event for each change, whatever dies, and none for what was there before. Method: real
 * Postgres, files and a server; a watcher's rounds are called one by one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { WatchSpec } from '#core/assets/watch.ts';
import { systemClock } from '#platform/clock.ts';
import { saveAssetLook } from '#platform/db/queries/assets/asset-watches.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { Masker } from '#platform/mask.ts';
import { handleProbes } from '#platform/probes/probe.ts';
import { parseConnection } from '#platform/secrets/connection.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { openS3 } from '../../providers/amazon/index.ts';
import { AssetWatcher } from '../../triggerer/asset-watcher.ts';
import { database, deps, saveDag, sql } from '../scheduler/engine-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'windlass-watch-'));
const file = join(folder, 'in.csv');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function watch(spec: WatchSpec): Promise<AssetWatcher> {
  const dag = aDagSpec('reads', [aTask('a')], {
    assetSchedule: { condition: { asset: { name: 'in', uri: 'in' } } },
    assets: [{ name: 'in', uri: 'in', group: 'asset', extra: {}, watch: spec }],
  });
  await saveDag(dag);
  await database.db.transaction('save', (tx) => saveAssetUses(tx, [dag], []));
  return aWatcher('one');
}

const connections = new Map<string, string>();

function aWatcher(owner: string): AssetWatcher {
  const connection = async (id: string) => (connections.has(id) ? parseConnection(id, connections.get(id) as string) : null);
  return new AssetWatcher(owner, { ...deps, masker: new Masker(), secrets: { connection } as never });
}

const events = () => sql<{ extra: object }>('select extra from asset_event order by event_id');
/** Makes the next look due now. */
const due = () => sql('update asset_watch set next_look_at = clock_timestamp()');

beforeEach(async () => {
  await sql('delete from asset_event');
  await sql('delete from asset');
  rmSync(file, { force: true });
});

it('a file that appears, and then changes, makes two events that wait for the DAG', async () => {
  const watcher = await watch({ kind: 'file', path: file, everyMs: 60_000 });
  await watcher.runOnce();
  writeFileSync(file, 'one');
  await watcher.runOnce();
  expect(await events()).toEqual([]);
  await due();
  await watcher.runOnce();
  await due();
  await watcher.runOnce();
  expect(await events()).toMatchObject([{ extra: { path: file, bytes: 3 } }]);
  writeFileSync(file, 'longer');
  await due();
  await watcher.runOnce();
  expect(await events()).toHaveLength(2);
  expect(await sql('select dag_id from asset_dag_event')).toEqual([{ dag_id: 'reads' }, { dag_id: 'reads' }]);
});

it('what was there at the first look is no event, nor is its end', async () => {
  writeFileSync(file, 'old');
  const watcher = await watch({ kind: 'file', path: file, everyMs: 60_000 });
  await watcher.runOnce();
  rmSync(file);
  await due();
  await watcher.runOnce();
  expect(await events()).toEqual([]);
});

it('two watchers look once, and one that lost its lease writes nothing', async () => {
  const first = await watch({ kind: 'file', path: file, everyMs: 60_000 });
  await first.runOnce();
  writeFileSync(file, 'new');
  await due();
  await Promise.all([first.runOnce(), aWatcher('two').runOnce(), aWatcher('three').runOnce()]);
  expect(await events()).toHaveLength(1);
  const [row] = await sql<{ asset_id: string }>('select asset_id from asset_watch');
  const late = { assetId: Number(row?.asset_id), owner: 'one', mark: 'x', isEvent: true, extra: {}, everyMs: 1, note: null };
  expect(await saveAssetLook(database.db, late)).toBeNull();
  expect(await events()).toHaveLength(1);
});

it('what a watcher left behind when Postgres failed it, it takes up in its next round', async () => {
  const watcher = await watch({ kind: 'file', path: file, everyMs: 60_000 });
  await watcher.runOnce();
  writeFileSync(file, 'new');
  await due();
  await sql('alter table asset_event rename to asset_event_away');
  await expect(watcher.runOnce()).rejects.toThrow('asset_event');
  await sql('alter table asset_event_away rename to asset_event');
  await watcher.runOnce();
  expect(await events()).toHaveLength(1);
});

it.each([
  ['that has stopped', 'stopped_at = clock_timestamp()'],
  ['that is silent for longer than a lease', `last_heartbeat_at = clock_timestamp() - interval '10 minutes'`],
])('a place whose watcher is one %s is taken over by another one', async (_, gone) => {
  const watcher = await watch({ kind: 'file', path: file, everyMs: 60_000 });
  await watcher.runOnce();
  writeFileSync(file, 'new');
  await due();
  await sql(`insert into service (service_id, kind, hostname, pid, version) values ('gone', 'triggerer', 'here', 1, '1')`);
  await sql(`update asset_watch set owner = 'gone', leased_until = clock_timestamp() + interval '1 minute'`);
  await watcher.runOnce();
  expect(await events()).toEqual([]);
  await sql(`update service set ${gone} where service_id = 'gone'`);
  await watcher.runOnce();
  expect(await events()).toHaveLength(1);
  await sql(`delete from service where service_id = 'gone'`);
});

it('a page makes an event when its version changes; trouble is noted and changes nothing', async () => {
  let etag = '"1"';
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status, { etag }).end('page')).listen(0);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const watcher = await watch({ kind: 'http', url, everyMs: 60_000 });
    await watcher.runOnce();
    status = 500;
    etag = '"2"';
    await due();
    await watcher.runOnce();
    expect(await sql('select note from asset_watch')).toEqual([{ note: 'HTTP 500' }]);
    expect(await events()).toEqual([]);
    status = 200;
    await due();
    await watcher.runOnce();
    expect(await events()).toEqual([{ extra: { url, version: '"2"' } }]);
    expect(await sql('select note from asset_watch')).toEqual([{ note: null }]);
  } finally {
    server.close();
  }
});

interface Bucket {
  readonly uri: string;
  readonly connection: string;
  put(key: string, text: string): Promise<void>;
  delete(key: string): Promise<void>;
  stop(): Promise<void>;
}

const BUCKETS: Readonly<Record<string, () => Promise<Bucket>>> = {
  async gcs() {
    const server = await startGcsEmulator({ port: 0, clock: systemClock });
    server.objects.createBucket('lake');
    return {
      uri: 'gs://lake',
      connection: `google-cloud-platform://?project=p&storage_endpoint=${encodeURIComponent(server.url)}`,
      put: async (key, text) => void server.objects.put('lake', key, Buffer.from(text), {}),
      delete: async (key) => void server.objects.delete('lake', key),
      stop: () => server.stop(),
    };
  },
  async s3() {
    const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
    const endpoint = `http://127.0.0.1:${server.port}`;
    const credentials = { accessKeyId: 'k', secretAccessKey: 's' };
    const client = await openS3({ region: 'us-east-1', endpoint, credentials, connectionId: 'test' });
    await client.ensureBucket('lake');
    return {
      uri: 's3://lake',
      connection: `aws://k:s@?endpoint_url=${encodeURIComponent(endpoint)}`,
      put: async (key, text) => void (await client.upload(Buffer.from(text), `s3://lake/${key}`)),
      delete: async (key) => void (await client.delete(`s3://lake/${key}`)),
      stop: () => server.stop(),
    };
  },
};

describe.each(Object.keys(BUCKETS))('objects of %s', (kind) => {
  const uris = async () => (await events()).map(({ extra }) => (extra as { uri: string }).uri);

  it('make an event each when they appear or change, and none that was told before or does not match', async () => {
    const bucket = await (BUCKETS[kind] as () => Promise<Bucket>)();
    try {
      connections.set('lake', bucket.connection);
      await bucket.put('in/old.csv', 'a');
      const watcher = await watch({ kind: 'objects', uri: `${bucket.uri}/in/`, connection: 'lake', match: '**/*.csv', everyMs: 60_000 });
      const look = async () => {
        await due();
        await watcher.runOnce();
      };
      await look();
      await bucket.put('in/new.csv', 'bb');
      await bucket.put('in/deep/er.csv', 'c');
      await bucket.put('in/other.txt', 'c');
      await bucket.put('else/new.csv', 'c');
      await look();
      await look();
      expect((await uris()).toSorted()).toEqual([`${bucket.uri}/in/deep/er.csv`, `${bucket.uri}/in/new.csv`]);
      const extras = (await events()).map(({ extra }) => extra);
      expect(extras).toContainEqual(
        expect.objectContaining({ uri: `${bucket.uri}/in/new.csv`, bytes: 2, updated: expect.stringContaining('T') }),
      );
      await bucket.put('in/old.csv', 'changed');
      await look();
      expect((await uris()).at(-1)).toBe(`${bucket.uri}/in/old.csv`);
      await bucket.delete('in/new.csv');
      await look();
      expect(await events()).toHaveLength(3);
      await bucket.put('in/new.csv', 'it is back');
      await look();
      expect((await uris()).at(-1)).toBe(`${bucket.uri}/in/new.csv`);
      expect(await sql('select count(distinct event_id)::int as n from asset_dag_event')).toEqual([{ n: 4 }]);
    } finally {
      await bucket.stop();
    }
  });
});

it('a look at a bucket that dies before its events are written is made again; trouble is noted', async () => {
  const bucket = await (BUCKETS['gcs'] as () => Promise<Bucket>)();
  connections.set('lake', bucket.connection);
  const watcher = await watch({ kind: 'objects', uri: 'gs://lake/in/', connection: 'lake', everyMs: 60_000 });
  await watcher.runOnce();
  await bucket.put('in/a', 'a');
  await due();
  handleProbes((name) => {
    if (name === 'assetWatch.before_save') throw new Error('died');
  });
  await watcher.runOnce();
  handleProbes(null);
  expect(await events()).toEqual([]);
  await due();
  await aWatcher('two').runOnce();
  expect(await events()).toHaveLength(1);
  await bucket.stop();
  await due();
  await watcher.runOnce();
  expect(await sql('select note from asset_watch')).toEqual([{ note: expect.stringContaining('ECONNREFUSED') }]);
});
