/**
 * Goal: a watched place makes one event for each change, whatever dies, and none for what was there before. Method: real
 * Postgres, files and a server; a watcher's rounds are called one by one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { WatchSpec } from '#core/assets/watch.ts';
import { saveAssetLook } from '#platform/db/queries/assets/asset-watches.ts';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { Masker } from '#platform/mask.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
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

function aWatcher(owner: string): AssetWatcher {
  return new AssetWatcher(owner, { ...deps, masker: new Masker(), secrets: { connection: async () => null } as never });
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
