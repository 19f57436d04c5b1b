/**
 * Goal: what a task writes is known to the catalogue without a word of its author, and columns that no longer fit are not published
 * where the asset forbids it. Method: a scheduler and a worker with real task processes; files on this disk.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '#platform/config/config.ts';
import { listAssets } from '#platform/db/queries/assets/list-assets.ts';
import { type AssetVersionRow, listAssetVersions } from '#platform/db/queries/assets/list-versions.ts';
import { type LineageEvent, wrongsOf } from '#test/support/open-lineage-schema.ts';
import { until } from '#test/support/until.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

const lake = mkdtempSync(join(tmpdir(), 'windlass-lake-'));
let windlass: WholeWindlass;

const DAG = `
import { asset, assetRef, dag, Skip } from 'windlass';
import { selectColumns, writeFrame } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { readParquetBatches, writeDataset, writeParquet } from 'windlass/providers/parquet';

const orders = asset({ name: 'orders', uri: 'file://${lake}/orders.parquet', owner: 'ann', tags: ['pii', 'gold'], schemaChange: 'fail', retain: { versions: 2 }, preview: 2 });
const raw = asset({ name: 'raw', uri: 'file://${lake}/raw.arrow' });
const trips = asset({ name: 'trips', uri: 'file://${lake}/trips' });
const said = asset('said');
const names = asset({ name: 'names', uri: 'file://${lake}/names.parquet' });
const TYPES = { id: 'int64', name: 'text', fare: 'float64', day: 'text' } as const;
const rows = (text: string) => readCsvBatches([new TextEncoder().encode(text)], { types: Object.fromEntries(text.split('\\n')[0].split(',').map((name) => [name, TYPES[name]])) });

export const read = dag('read', { isPausedUponCreation: false }, ({ task }) => {
  task('fetch', async (ctx) => void (await writeFrame('${lake}/raw.arrow', rows('id\\n1\\n2\\n'))), { outlets: [raw] });
});
export const load = dag('load', { isPausedUponCreation: false }, ({ task }) => {
  task('write', async (ctx) => {
    const { shape } = ctx.params;
    await writeFrame(ctx.scratch + '/staging.arrow', rows('day\\na\\n'));
    await writeParquet('${lake}/orders.parquet', rows(shape === 'gone' ? 'name\\na\\n' : shape === 'more' ? 'id,name,fare\\n1,a,1.5\\n' : 'id,name\\n1,a\\n2,b\\n3,c\\n'));
  }, { outlets: [orders], inlets: [raw] });
});
export const split = dag('split', { isPausedUponCreation: false }, ({ task }) => {
  task('write', async () => void (await writeDataset('${lake}/trips', rows('day,id\\na,1\\nb,2\\na,3\\n'), { partitionBy: ['day'] })), { outlets: [trips] });
});
export const tell = dag('tell', { isPausedUponCreation: false }, ({ task }) => {
  task('say', (ctx) => ctx.outlets.get(said).describe({ rows: 7, columns: [{ name: 'id', type: 'int', nullable: false }] }), { outlets: [said] });
});
const open = asset({ name: 'open', uri: 'file://${lake}/open.parquet' });
const closed = asset({ name: 'closed', uri: 'file://${lake}/closed.parquet', preview: false });
const elsewhere = asset({ name: 'by_reference', uri: 'file://${lake}/by_reference.parquet', preview: false });
export const secret = dag('secret', { isPausedUponCreation: false }, ({ task }) => {
  const write = async (ctx, path) => {
    const { password } = await ctx.conn('vault');
    await writeParquet(path, rows('name,day,fare\\nhttps://bob:' + password + '@host,a,\\n'));
  };
  task('open', (ctx) => write(ctx, '${lake}/open.parquet'), { outlets: [open] });
  task('closed', (ctx) => write(ctx, '${lake}/closed.parquet'), { outlets: [closed] });
  task('refer', (ctx) => write(ctx, '${lake}/by_reference.parquet'), { outlets: [assetRef({ name: 'by_reference' })], inlets: [elsewhere] });
});
export const derive = dag('derive', { isPausedUponCreation: false }, ({ task }) => {
  task('choose', async () => void (await writeParquet('${lake}/names.parquet', selectColumns(readParquetBatches('${lake}/orders.parquet'), ['name']))), { outlets: [names], inlets: [orders] });
  task('pass', () => { throw new Skip('nothing to do'); });
});
`;

beforeAll(async () => {
  windlass = await startWholeWindlass(
    { 'lake.ts': DAG },
    {
      openLineageTo: join(lake, 'events/lineage.ndjson'),
      connections: new Map([['vault', new Secret('http://bob:hunter-two@vault.example.com')]]),
    },
  );
  await windlass.know('read', 'load', 'split', 'tell', 'derive', 'secret');
}, 60_000);
afterAll(async () => {
  await windlass?.close();
  rmSync(lake, { recursive: true, force: true });
});

async function run(dagId: string, conf: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return windlass.ended(await windlass.trigger(dagId, conf));
}

async function versionsOf(name: string): Promise<readonly AssetVersionRow[]> {
  const page = await listAssets(windlass.db, {
    filters: [{ field: 'name', operator: 'eq', value: name }],
    orderBy: [],
    limit: 1,
    offset: 0,
  });
  const filters = [{ field: 'asset_id', operator: 'eq' as const, value: page.rows[0]?.asset_id }];
  return (await listAssetVersions(windlass.db, { filters, orderBy: [], limit: 100, offset: 0 })).rows;
}

describe('a version', { timeout: 90_000 }, () => {
  it('holds what the writer knows, what the task read, and the code that wrote it', async () => {
    expect(await run('read')).toBe('success');
    expect(await run('load')).toBe('success');
    const [raw] = await versionsOf('raw');
    expect(raw?.sample).toEqual({ columns: ['id'], rows: [[1], [2]], nulls: [0] });
    expect(await versionsOf('orders')).toEqual([
      expect.objectContaining({
        columns: [
          { name: 'id', type: 'Int64', nullable: true },
          { name: 'name', type: 'Utf8', nullable: true },
        ],
        row_count: 3,
        sample: {
          columns: ['id', 'name'],
          rows: [
            [1, 'a'],
            [2, 'b'],
          ],
          nulls: [0, 0],
        },
        bytes: expect.any(Number),
        dag_id: 'load',
        task_id: 'write',
        dag_version: 1,
        code_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        upstream: [{ asset_id: raw?.asset_id, name: 'raw', version_id: raw?.version_id }],
      }),
    ]);
  });

  it('says that a column of a file is that of the asset it was read from', async () => {
    expect(await run('derive')).toBe('success');
    expect(await versionsOf('names')).toMatchObject([{ column_lineage: { name: [{ asset: 'orders', column: 'name' }] } }]);
  });

  it('keeps first rows without being asked, with secrets hidden, but none of an asset that wants none', async () => {
    expect(await run('secret')).toBe('success');
    const [open] = await versionsOf('open');
    expect(open?.sample?.rows).toEqual([['https://bob:***@host', 'a', null]]);
    expect(open?.sample?.nulls).toEqual([0, 0, 1]);
    expect((await versionsOf('closed')).map((version) => version.sample)).toEqual([null]);
    expect((await versionsOf('by_reference')).map((version) => version.sample)).toEqual([null]);
    expect(await windlass.sql("select 1 from asset_version where sample::text like '%hunter-two%'")).toEqual([]);
  });

  it('names the partitions of a dataset, whose files are one writing', async () => {
    expect(await run('split')).toBe('success');
    expect(await versionsOf('trips')).toMatchObject([{ row_count: 3, partitions: ['day=a', 'day=b'] }]);
  });

  it('holds what the author says where no writer knows', async () => {
    expect(await run('tell')).toBe('success');
    expect(await versionsOf('said')).toMatchObject([{ row_count: 7, columns: [{ name: 'id', type: 'int', nullable: false }] }]);
  });

  it('is not published when a column is gone and the asset forbids it; the file stays as it was', async () => {
    rmSync(`${lake}/orders.parquet`, { force: true });
    expect(await run('load', { shape: 'gone' })).toBe('failed');
    expect(existsSync(`${lake}/orders.parquet`)).toBe(false);
    const [attempt] = await windlass.sql<{ message: string }>(
      `select error ->> 'message' as message from task_attempt where error is not null`,
    );
    expect(attempt?.message).toContain('column "id" (Int64) is gone');
    expect(await versionsOf('orders')).toHaveLength(1);
  });
});

describe('OpenLineage', { timeout: 90_000 }, () => {
  it('hears of each try: its start, and its end with what was read and written', async () => {
    const events = () =>
      existsSync(join(lake, 'events/lineage.ndjson'))
        ? readFileSync(join(lake, 'events/lineage.ndjson'), 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line))
        : [];
    const of = (name: string, type: string) => events().filter((event) => event.job.name === name && event.eventType === type);
    await until(() => of('load.write', 'FAIL').length === 1 && of('load', 'FAIL').length === 1, { what: 'the failed run was told' });
    const [start] = of('load.write', 'START');
    const [complete] = of('load.write', 'COMPLETE');
    expect(complete.run.runId).toBe(start.run.runId);
    expect(complete.inputs).toMatchObject([
      { namespace: 'file', name: `${lake}/raw.arrow`, facets: { schema: { fields: [{ name: 'id', type: 'Int64' }] } } },
    ]);
    expect(complete.outputs).toMatchObject([
      {
        namespace: 'file',
        name: `${lake}/orders.parquet`,
        facets: { schema: { fields: [{ name: 'id' }, { name: 'name' }] } },
        outputFacets: { outputStatistics: { rowCount: 3 } },
      },
    ]);
    expect(complete.run.facets.parent.run.runId).toBe(of('load', 'START')[0].run.runId);
    expect(of('load.write', 'FAIL')[0].run.facets.errorMessage.message).toContain('is gone');
    const kinds = new Set(events().map((event) => `${event.job.facets.jobType.jobType} ${event.eventType}`));
    expect([...kinds].sort()).toEqual(['DAG COMPLETE', 'DAG FAIL', 'DAG START', 'TASK COMPLETE', 'TASK FAIL', 'TASK START']);
    expect(of('derive.pass', 'COMPLETE')).toHaveLength(1);
    expect(of('derive.choose', 'COMPLETE')[0].outputs[0].facets.columnLineage.fields.name.inputFields).toEqual([
      { namespace: 'file', name: `${lake}/orders.parquet`, field: 'name' },
    ]);
    expect(events().flatMap((event: LineageEvent) => wrongsOf(event))).toEqual([]);
  });
});

it('a worker that is told so keeps no rows of any asset', { timeout: 90_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-lake-'));
  const file = `
import { asset, dag } from 'windlass';
import { readCsvBatches, writeCsv } from 'windlass/providers/csv';
const out = asset({ name: 'out', uri: 'file://${folder}/out.csv', preview: 5 });
export const quiet = dag('quiet', { isPausedUponCreation: false }, ({ task }) => {
  task('write', () => writeCsv('${folder}/out.csv', readCsvBatches([Buffer.from('id\\n1\\n')], { types: { id: 'int64' } })), { outlets: [out] });
});
`;
  const other = await startWholeWindlass({ 'quiet.ts': file }, { assetPreviews: false });
  try {
    await other.know('quiet');
    expect(await other.ended(await other.trigger('quiet'))).toBe('success');
    expect(await other.sql('select row_count, sample from asset_version')).toEqual([{ row_count: 1, sample: null }]);
  } finally {
    await other.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
