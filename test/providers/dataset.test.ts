/**
 * Partitioned datasets: the folders are Hive's, a second run leaves what the first left, and a failed one changes nothing.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { duck } from '#test/support/duckdb.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { dayOf, listDataset, readDataset, writeDataset } from '../../providers/parquet/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-dataset-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const TYPES = { id: 'int64', city: 'text', day: 'date', at: 'timestamp' } as const;
const frame = (...rows: string[]) => readCsvBatches([Buffer.from(`id,city,day,at\n${rows.join('\n')}\n`)], { types: TYPES, batchRows: 2 });
const ROWS = [
  '1,Bonn,2021-01-31,2021-01-31 23:59:59',
  '2,Köln/Nord,2021-01-31,2021-02-01 00:00:00',
  '3,,2021-02-01,2021-02-01 12:00:00',
  '4,Bonn,2021-02-01,',
  '5,Bonn,2021-01-31,2021-01-31 00:00:00',
];

async function files(below = folder): Promise<string[]> {
  const names = await readdir(below, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(below.length + 1))
    .sort();
}

const stored = () =>
  duck(`select id::int, city, day::text from read_parquet('${folder}/**/*.parquet', hive_partitioning = true) order by id`);

it('names its folders as Hive does, so that other readers find the columns', async () => {
  const written = await writeDataset(folder, frame(...ROWS), { partitionBy: ['day', 'city'] });
  expect(await files()).toEqual([
    'day=2021-01-31/city=Bonn/part-0.parquet',
    'day=2021-01-31/city=Köln%2FNord/part-0.parquet',
    'day=2021-02-01/city=Bonn/part-0.parquet',
    'day=2021-02-01/city=__HIVE_DEFAULT_PARTITION__/part-0.parquet',
  ]);
  expect(written).toMatchObject({ rows: 5 });
  expect(written.files[1]).toMatchObject({ partition: { day: '2021-01-31', city: 'Köln/Nord' }, rows: 1 });
  expect(await stored()).toEqual([
    [1, 'Bonn', '2021-01-31'],
    [2, 'Köln/Nord', '2021-01-31'],
    [3, null, '2021-02-01'],
    [4, 'Bonn', '2021-02-01'],
    [5, 'Bonn', '2021-01-31'],
  ]);
});

it('can be partitioned by what is made of a column, which stays', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: [{ name: 'picked_up', from: 'at', value: dayOf }] });
  const rows = await duck(
    `select id::int, "at"::text, picked_up::text from read_parquet('${folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false) order by id`,
  );
  expect(rows[0]).toEqual([1, '2021-01-31 23:59:59', '2021-01-31']);
  expect(rows[3]).toEqual([4, null, null]);
});

it('is the same after a second run, file by file', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['day'] });
  const first = await Promise.all((await files()).map(async (file) => [file, await readFile(join(folder, file))] as const));
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['day'] });
  expect(await Promise.all((await files()).map(async (file) => [file, await readFile(join(folder, file))] as const))).toEqual(first);
});

it('loses the old files of the partitions that are written, and no others', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['day'], fileName: 'of-another-run' });
  await writeDataset(folder, frame('6,Bonn,2021-02-01,'), { partitionBy: ['day'] });
  expect(await files()).toEqual(['day=2021-01-31/of-another-run.parquet', 'day=2021-02-01/part-0.parquet']);
  await writeDataset(folder, frame('7,Bonn,2021-02-01,'), { partitionBy: ['day'], existing: 'keep', fileName: 'more' });
  expect((await files()).slice(1)).toEqual(['day=2021-02-01/more.parquet', 'day=2021-02-01/part-0.parquet']);
  await writeDataset(folder, frame('8,Bonn,2021-02-02,'), { partitionBy: ['day'], existing: 'replace-all' });
  expect(await files()).toEqual(['day=2021-02-02/part-0.parquet']);
});

it('stays as it was when the frame fails, or has too many partitions', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['day'] });
  await expect(writeDataset(folder, frame('9,Bonn,2021-01-31,', 'ten,Bonn,2021-01-31,'), { partitionBy: ['day'] })).rejects.toThrow(
    '"ten" is not',
  );
  await expect(writeDataset(folder, frame(...ROWS), { partitionBy: ['id'], partitionsMax: 3 })).rejects.toThrow(
    'more than 3 partitions by id',
  );
  expect(await stored()).toHaveLength(5);
  expect(await readdir(folder)).toEqual(['day=2021-01-31', 'day=2021-02-01']);
});

it('is read with only the partitions that are wanted, of which the others need not even be readable', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['day', 'city'] });
  await writeFile(join(folder, 'day=2021-02-01/city=Bonn/part-0.parquet'), 'nothing that could be read');
  const partitions = { day: 'date', city: 'text' } as const;
  const found = await readDataset(folder, { partitions, where: { day: '2021-01-31', city: (city) => city !== null && city > 'C' } });
  expect(found.toArray().map((row) => [row?.['id'], row?.['day'], row?.['city']])).toEqual([[2n, Date.parse('2021-01-31'), 'Köln/Nord']]);
  expect((await listDataset(folder, { partitions, where: { city: [null] } })).map((file) => file.partition)).toEqual([
    { day: '2021-02-01', city: null },
  ]);
  await expect(readDataset(folder, { partitions, where: { day: '1999-01-01' } })).rejects.toThrow('no file in the wanted partitions');
});

it('says what is not as it was declared', async () => {
  await writeDataset(folder, frame(...ROWS), { partitionBy: ['city'] });
  await expect(readDataset(folder, { partitions: { town: 'text' } })).rejects.toThrow('must begin with town=');
  await expect(readDataset(folder, { partitions: { city: 'int64' } })).rejects.toThrow('city=Bonn is not of the declared type int64');
  await expect(writeDataset(folder, frame(...ROWS), { partitionBy: ['at'] })).rejects.toThrow('cannot name folders');
  await expect(writeDataset(folder, frame(...ROWS), { partitionBy: ['town'] })).rejects.toThrow('there is no column "town"');
});
