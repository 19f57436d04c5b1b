/** Goal: lineage over several steps is whole, ends where it was asked to and where it runs in a circle, and says so. Method: versions written by hand. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { saveAssetUses } from '#platform/db/queries/assets/save-asset-uses.ts';
import { aSpec, aTask, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
let ids: Readonly<Record<string, number>>;
const NAMES = ['raw', 'clean', 'zones', 'joined', 'report', 'loop', 'alone'];

/** raw -> clean -> joined <- zones; joined -> report -> loop -> raw. */
const EDGES = [
  ['raw', 'clean', 'tidy'],
  ['clean', 'joined', 'join'],
  ['zones', 'joined', 'join'],
  ['joined', 'report', 'sum'],
  ['report', 'loop', 'back'],
] as const;

async function addVersion(id: number, name: string, task: string, upstream: readonly string[]): Promise<void> {
  await web.db.pool.query(
    `insert into asset_version (version_id, asset_id, dag_id, run_id, task_id, map_index, attempt_id, upstream)
     values ($1, $2, 'etl', 'r', $3, -1, gen_random_uuid(), $4)`,
    [id, ids[name], task, JSON.stringify(upstream.map((one) => ({ asset_id: ids[one], version_id: 1 })))],
  );
}

beforeAll(async () => {
  web = await startHarness();
  const assets = NAMES.map((name) => ({ name, uri: `s3://lake/${name}`, group: 'asset', extra: {} }));
  const outlets = assets.map(({ name, uri }) => ({ asset: { name, uri } }));
  const spec = aSpec('etl', { tasks: [aTask('load', { outlets })], assets });
  await saveDag(web.db, spec);
  await web.db.transaction('save', (tx) => saveAssetUses(tx, [spec], []));
  const { json } = await web.request('GET', '/api/v2/assets');
  ids = Object.fromEntries(json.assets.map((one: { name: string; id: number }) => [one.name, one.id]));
  await addVersion(1, 'clean', 'tidy', ['raw']);
  await addVersion(2, 'joined', 'join', ['clean', 'zones']);
  await addVersion(3, 'report', 'sum', ['joined']);
  await addVersion(4, 'report', 'sum', ['joined']);
  await addVersion(5, 'loop', 'back', ['report']);
});
afterAll(() => web.stop());

interface Answer {
  readonly assets: readonly { readonly id: number; readonly name: string; readonly distance: number }[];
  readonly edges: readonly {
    readonly upstream_id: number;
    readonly downstream_id: number;
    readonly dag_id: string;
    readonly task_id: string;
  }[];
  readonly is_whole: boolean;
}

const lineage = async (name: string, query = ''): Promise<Answer> =>
  (await web.request('GET', `/api/v2/assets/${ids[name]}/lineage${query}`)).json as Answer;
const distances = ({ assets }: Answer) => Object.fromEntries(assets.map(({ name, distance }) => [name, distance]));

it('both sides are followed to their ends, with the tasks between', async () => {
  const found = await lineage('joined');
  expect(distances(found)).toEqual({ raw: -2, clean: -1, zones: -1, joined: 0, report: 1, loop: 2 });
  const edges = found.edges.map((edge) => [nameOf(edge.upstream_id), nameOf(edge.downstream_id), edge.task_id]);
  expect(edges.toSorted()).toEqual(EDGES.map((edge) => [...edge]).toSorted());
  expect(found.is_whole).toBe(true);
});

it('one side, and as many steps as asked for, with a word when there is more', async () => {
  expect(distances(await lineage('joined', '?direction=upstream'))).toEqual({ raw: -2, clean: -1, zones: -1, joined: 0 });
  const near = await lineage('raw', '?depth=2');
  expect(distances(near)).toEqual({ raw: 0, clean: 1, joined: 2 });
  expect(near.is_whole).toBe(false);
  expect(distances(await lineage('alone'))).toEqual({ alone: 0 });
});

it('what runs in a circle is there once', async () => {
  await addVersion(6, 'raw', 'again', ['loop']);
  const found = await lineage('joined');
  expect(found.assets.filter(({ name }) => name === 'raw')).toHaveLength(1);
  expect(new Set(found.assets.map(({ name }) => name))).toEqual(new Set(NAMES.filter((name) => name !== 'alone')));
  expect(found.edges).toHaveLength(EDGES.length + 1);
  expect(found.is_whole).toBe(true);
});

it('an asset that is not there, and a side that is none, are refused', async () => {
  expect((await web.request('GET', '/api/v2/assets/999999/lineage')).status).toBe(404);
  expect((await web.request('GET', `/api/v2/assets/${ids['raw']}/lineage?direction=sideways`)).status).toBe(422);
});

const nameOf = (id: number) => NAMES.find((name) => ids[name] === id);
