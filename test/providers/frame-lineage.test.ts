// Goal: a column of an asset is traced through the frames of the tasks before it to the columns of other assets, and what is not known is
// never guessed. Method: DAGs of several tasks on real Postgres, DuckDB and files, as the versions of their assets tell it.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AssetEmission } from '#core/assets/asset-spec.ts';
import { openFileIn } from '#platform/bytes/ranged-bytes.ts';
import { systemClock } from '#platform/clock.ts';
import { FramePreviews } from '#platform/frames/frame-preview.ts';
import { asset, type Ctx, dag } from '#sdk/index.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { type GcsEmulator, startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { type FrameFile, filterRows, readFrameBatches, renameColumns, saveFrame, selectColumns } from '../../providers/arrow/index.ts';
import { readCsvBatches, writeCsv } from '../../providers/csv/index.ts';
import { connectDuckdb } from '../../providers/duckdb/index.ts';
import { connectGcs } from '../../providers/google/index.ts';
import { readParquetBatches, writeDataset, writeParquet } from '../../providers/parquet/index.ts';
import { connectPostgres } from '../../providers/postgres/index.ts';
import { sqlExporter, sqlLoader, sqlTransformer } from '../../providers/sql/index.ts';
import { runTasks } from '../dags/run-tasks.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let database: TestDatabase;
let root: string;
let scratch: string;
let lake: string;
let gcs: GcsEmulator;
beforeAll(async () => {
  database = await createDatabase();
  await database.db.pool.query('create table trips (id int, fare float8, zone int); insert into trips values (1, 2, 3), (4, 5, 6)');
  gcs = await startGcsEmulator({ port: 0, clock: systemClock });
  gcs.objects.createBucket('lake');
});
afterAll(async () => {
  await gcs.stop();
  await database.drop();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'windlass-frame-lineage-'));
  scratch = join(root, 'scratch');
  lake = join(root, 'lake');
  await Promise.all([mkdir(scratch), mkdir(lake)]);
  return () => rm(root, { recursive: true, force: true });
});

const connections = () => ({
  warehouse: connectionFromUrl(database.url),
  local: { id: 'local', type: 'duckdb', host: join(lake, 'lake.duckdb'), schema: null },
  google_cloud_default: {
    id: 'google_cloud_default',
    type: 'google_cloud_platform',
    extra: { project: 'test', storage_endpoint: gcs.url },
  },
});

/** Column -> "asset.column of tasks", of the only version of the last task that made one. */
async function lineageOf(made: unknown): Promise<Readonly<Record<string, string>> | undefined> {
  const { results } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: scratch });
  for (const result of Object.values(results)) expect(result).toMatchObject({ outcome: 'success' });
  const [last] = Object.values(results).flatMap((result) => (result as { assets?: AssetEmission[] }).assets ?? []);
  const { columnLineage } = last?.version ?? {};
  return (
    columnLineage &&
    Object.fromEntries(
      Object.entries(columnLineage).map(([column, sources]) => [
        column,
        sources.map((one) => `${one.asset}.${one.column}${one.through ? ` through ${one.through.join(', ')}` : ''}`).join(' and '),
      ]),
    )
  );
}

const trips = asset({ name: 'trips', uri: 'postgres://warehouse/public/trips' });
const loadTrips = sqlLoader({ name: 'load_trips', on: 'postgres', connection: 'warehouse', sql: 'select id, fare, zone from trips' });
const csv = (text: string) => readCsvBatches([Buffer.from(text)], { types: { id: 'int64', fare: 'float64' } });
const out = () => asset({ name: 'out', uri: `file://${lake}/out.parquet` });
const writeOut = async ({ frame }: { frame: FrameFile }) => void (await writeParquet(join(lake, 'out.parquet'), readFrameBatches(frame)));

describe('a column is traced', () => {
  it('through a select, a select over its frame, and a writer of files, to the table that the first one read', async () => {
    const doubled = sqlTransformer({ name: 'doubled', on: 'duckdb', sql: 'select id, fare * 2 as twice, 1 as one from {{ df_1 }}' });
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      const frame = task('double', { frames: [loaded] }, doubled);
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toEqual({ id: 'trips.id through load, double', twice: 'trips.fare through load, double', one: '' });
  });

  it('to the place of a table that the DAG has no name for', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const frame = task('load', loadTrips);
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    const place = new URL(database.url);
    expect(await lineageOf(made)).toMatchObject({ id: `postgres://${place.host}${place.pathname}/public/trips.id through load` });
  });

  it('into a table, by a SQL block over the frame', async () => {
    await database.db.pool.query('create table sums (zone int, total float8)');
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      const sql = 'insert into sums select zone, sum(fare) from {{ df_1 }} group by 1';
      const keep = sqlExporter({ name: 'keep', on: 'postgres', connection: 'warehouse', sql });
      task('keep', { frames: [loaded] }, keep, { outlets: [asset('postgres://warehouse/public/sums')] });
    });
    expect(await lineageOf(made)).toEqual({ zone: 'trips.zone through load', total: 'trips.fare through load' });
  });

  it('into a table that is loaded, with columns chosen and renamed and rows filtered on the way', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      task(
        'keep',
        { loaded },
        async (input, ctx) => {
          await using warehouse = await connectPostgres(ctx, 'warehouse');
          const some = filterRows(readFrameBatches(input.loaded), { fare: (fare) => Number(fare) > 3 });
          const frame = renameColumns(selectColumns(some, ['fare']), { fare: 'price' });
          await warehouse.loadTable({ table: 'prices', frame, ifExists: 'replace' });
        },
        { outlets: [asset('postgres://warehouse/public/prices')] },
      );
    });
    expect(await lineageOf(made)).toEqual({ price: 'trips.fare through load' });
  });

  it('into the partitions of a dataset', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const frame = task('load', loadTrips, { inlets: [trips] });
      const write = async (input: { frame: FrameFile }) =>
        void (await writeDataset(join(lake, 'parts'), readFrameBatches(input.frame), { partitionBy: ['zone'] }));
      task('keep', { frame }, write, { outlets: [asset(`file://${lake}/parts`)] });
    });
    expect(await lineageOf(made)).toMatchObject({ fare: 'trips.fare through load', zone: 'trips.zone through load' });
  });

  it('from file to file, and from an object that was fetched', async () => {
    const raw = asset({ name: 'raw', uri: 'gs://lake/raw' });
    const given = asset({ name: 'given', uri: `file://${lake}/given.csv` });
    await writeCsv(join(lake, 'given.csv'), csv('id,fare\n1,2\n'));
    await writeParquet(join(lake, 'raw.parquet'), csv('id,fare\n1,2\n'));
    await (await connectGcs({ conn: async (id) => connections()[id as never] })).upload(
      join(lake, 'raw.parquet'),
      'gs://lake/raw/1.parquet',
    );
    const fetched = async (ctx: Ctx<unknown>) => {
      await (await connectGcs(ctx)).download('gs://lake/raw/1.parquet', join(ctx.scratch, 'raw.parquet'));
      return saveFrame(ctx, selectColumns(readParquetBatches(join(ctx.scratch, 'raw.parquet')), ['id']));
    };
    const read = async (ctx: Ctx<unknown>) =>
      saveFrame(ctx, readCsvBatches(join(lake, 'given.csv'), { types: { id: 'int64', fare: 'float64' } }));
    const joined = sqlTransformer({
      name: 'j',
      on: 'duckdb',
      sql: 'select a.id as id, b.fare as fare from {{ df_1 }} a join {{ df_2 }} b using (id)',
    });
    const made = dag('etl', {}, ({ task }) => {
      const frame = task('join', { frames: [task('fetch', fetched, { inlets: [raw] }), task('read', read, { inlets: [given] })] }, joined);
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toEqual({ id: 'raw.id through fetch, join', fare: 'given.fare through read, join' });
  });
});

describe('what is not known', () => {
  it('ends at the frame that had the column', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const frame = task('make', async (ctx) => saveFrame(ctx, csv('id,fare\n1,2\n')));
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toEqual({ id: 'frame://etl/make.id', fare: 'frame://etl/make.fare' });
  });

  it('is not said of columns that code made in the task itself, beside others that were handed on', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      const keep = async (input: { loaded: FrameFile }) => {
        const anew = csv('id,fare\n1,2\n');
        const both = async function* () {
          yield* selectColumns(readFrameBatches(input.loaded), ['id', 'fare']);
          yield* anew;
        };
        await writeParquet(join(lake, 'out.parquet'), both());
      };
      task('keep', { loaded }, keep, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toBe(undefined);
  });

  it('is taken back from a frame whose later rows come from elsewhere, and the frame is still whole', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      const mixed = async (input: { loaded: FrameFile }, ctx: Ctx<unknown>) => {
        const both = async function* () {
          yield* selectColumns(readFrameBatches(input.loaded), ['id', 'fare']);
          yield* csv('id,fare\n1,2\n');
        };
        return saveFrame(ctx, both());
      };
      const frame = task('mix', { loaded }, mixed);
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toEqual({ id: 'frame://etl/mix.id', fare: 'frame://etl/mix.fare' });
  });

  it('is not said of what a database was given without a source, nor of its files on the way', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const load = async (ctx: Ctx<unknown>) => {
        await using duckdb = await connectDuckdb(ctx, 'local');
        await duckdb.register('given', csv('id,fare\n1,2\n'));
        return await saveFrame(ctx, duckdb.batches('select id, 2 as two from given'));
      };
      const frame = task('load', load);
      task('keep', { frame }, writeOut, { outlets: [out()] });
    });
    expect(await lineageOf(made)).toEqual({ id: 'frame://etl/load.id', two: '' });
  });

  it('is not noted where no task writes an asset', async () => {
    const made = dag('etl', {}, ({ task }) => task('load', loadTrips));
    const { values } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: scratch });
    expect(tableFromIPC(await readFile((values['load'] as FrameFile).path)).schema.metadata.size).toBe(0);
  });
});

it('a frame with a note is read as ever: its hash is right, its rows are shown, and the note goes no further', async () => {
  const made = dag('etl', {}, ({ task }) => {
    const frame = task('load', loadTrips, { inlets: [trips] });
    task('keep', { frame }, writeOut, { outlets: [out()] });
  });
  const { values } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: scratch });
  const { path, sha256 } = values['load'] as FrameFile;
  const bytes = await readFile(path);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  expect([...tableFromIPC(bytes).schema.metadata.keys()]).toEqual(['windlass.lineage']);
  const file = await openFileIn(scratch, path);
  expect(await new FramePreviews().head(file).finally(() => file.close())).toMatchObject({ rows: 2 });
  for await (const batch of readParquetBatches(join(lake, 'out.parquet'))) expect([...batch.schema.metadata.keys()]).toEqual([]);
  expect((await readFile(join(lake, 'out.parquet'))).includes('windlass.lineage')).toBe(false);
});

describe('DuckDB says what it writes', () => {
  it('to a table of a database file, by a SQL block', async () => {
    const made = dag('etl', {}, ({ task }) => {
      const loaded = task('load', loadTrips, { inlets: [trips] });
      const sql = 'create or replace table Sums as select zone, sum(fare) as total, count(*) as n from {{ df_1 }} group by 1';
      const keep = sqlExporter({ name: 'keep', on: 'duckdb', connection: 'local', sql });
      task('keep', { frames: [loaded] }, keep, { outlets: [asset({ name: 'sums', uri: 'duckdb://local/main/sums' })] });
    });
    expect(await lineageOf(made)).toEqual({ zone: 'trips.zone through load', total: 'trips.fare through load', n: '' });
  });

  it('to a file, by copy, of files and of tables', async () => {
    await writeParquet(join(lake, 'raw-1.parquet'), csv('id,fare\n1,2\n'));
    const raw = asset({ name: 'raw', uri: `file://${lake}/raw-1.parquet` });
    const made = dag('etl', {}, ({ task }) =>
      task(
        'copy',
        async (ctx) => {
          await using duckdb = await connectDuckdb(ctx, 'local');
          await duckdb.run('create table names (id int, name text)');
          await duckdb.run(
            `copy (select r.id, name, fare + 1 as more from '${lake}/raw-1.parquet' r left join names using (id)) to '${lake}/out.parquet' (format parquet)`,
          );
        },
        { outlets: [out()], inlets: [raw] },
      ),
    );
    expect(await lineageOf(made)).toEqual({ id: 'raw.id', name: 'names.name', more: 'raw.fare' });
  });

  it('and nothing is written when its columns may not be published', async () => {
    const strict = asset({ name: 'kept', uri: 'duckdb://local/main/kept', schemaChange: 'fail' });
    const made = dag('etl', {}, ({ task }) =>
      task('keep', sqlExporter({ name: 'keep', on: 'duckdb', connection: 'local', sql: 'create table kept as select 1 as a' }), {
        outlets: [strict],
      }),
    );
    // There is no answer to what the columns were before: then nothing may be published.
    const { results } = await runTasks(made, { params: {}, connections: connections(), scratchFolder: scratch });
    expect(results['keep']).toMatchObject({ outcome: 'failed' });
    const look = dag('look', {}, ({ task }) =>
      task('look', async (ctx) => {
        await using duckdb = await connectDuckdb(ctx, 'local');
        return await duckdb.query('select table_name from duckdb_tables()');
      }),
    );
    expect((await runTasks(look, { params: {}, connections: connections(), scratchFolder: scratch })).values['look']).toEqual([]);
  });
});
