/** DuckDB inside a task: SQL over frames and files, with right types, and nothing left behind. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { batchesOf, cellReader, type Frame } from '../../providers/arrow/index.ts';
import { readCsv, readCsvBatches } from '../../providers/csv/index.ts';
import { connectDuckdb, openDuckdb } from '../../providers/duckdb/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-duckdb-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', ok: 'bool' } as const;
const TEXT = 'id,fare,name,at,ok\n9007199254740993,1.5,é,2021-01-31 23:59:59.000001,true\n2,,"",,\n3,0.5,c,2021-02-01,false\n';
const frame = () => readCsvBatches([Buffer.from(TEXT)], { types: TYPES, batchRows: 2 });

async function cells(found: Frame): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const batch of batchesOf(found)) {
    const readers = batch.data.children.map((child) => cellReader(child, ''));
    for (let row = 0; row < batch.numRows; row++) rows.push(readers.map((read) => read(row)));
  }
  return rows;
}

it('a frame is a table, and a statement a frame again, to the last digit', async () => {
  await using duckdb = await openDuckdb();
  await duckdb.register('trips', frame());
  expect(await cells(duckdb.batches('select * from trips'))).toEqual(await cells(await readCsv([Buffer.from(TEXT)], { types: TYPES })));
  expect(
    await duckdb.query('select id, fare, "at" from trips where fare > $1 and "at" >= $2 order by id', [0.4, new Date('2021-02-01')]),
  ).toEqual([{ id: 3, fare: 0.5, at: new Date('2021-02-01') }]);
  expect(await duckdb.query('select max(id) as id from trips')).toEqual([{ id: 9007199254740993n }]);
});

it('files are read and written by their endings, whole or not at all', async () => {
  await using duckdb = await openDuckdb();
  await writeFile(join(folder, 'in.csv'), TEXT);
  const from = `from read_csv('${join(folder, 'in.csv')}', types = {'id': 'BIGINT'})`;
  for (const ending of ['parquet', 'csv', 'csv.gz', 'ndjson']) {
    expect(await duckdb.copyTo(`select id ${from}`, join(folder, `out.${ending}`))).toBe(3);
    expect(await duckdb.query(`select count(*) as n from '${join(folder, `out.${ending}`)}'`)).toEqual([{ n: 3 }]);
  }
  await expect(duckdb.copyTo(`select 1 / nothing ${from}`, join(folder, 'failed.csv'))).rejects.toMatchObject({ name: 'Fatal' });
  await expect(duckdb.copyTo(`select id ${from}`, join(folder, 'out.xlsx'))).rejects.toThrow('its ending says no format');
  expect((await readdir(folder)).sort()).toEqual(['in.csv', 'out.csv', 'out.csv.gz', 'out.ndjson', 'out.parquet']);
});

it('a mistake is told in its words, and a result too large for one is refused', async () => {
  await using duckdb = await openDuckdb();
  await expect(duckdb.query('select nothing')).rejects.toThrow('DuckDB refuses the statement');
  await expect(duckdb.query('select * from range(20)', [], { maxRows: 19 })).rejects.toThrow('more than 19 rows');
  expect(await duckdb.query('select count(*)::bigint as n from range(20)')).toEqual([{ n: 20 }]);
});

it('a connection names a database file, which stays', async () => {
  const path = join(folder, 'kept.duckdb');
  const source = (change: object) => ({ conn: async <T>() => ({ type: 'duckdb', host: path, schema: null, ...change }) as T });
  {
    await using first = await connectDuckdb(source({}), 'kept');
    await first.query('create table t as select 7 as n');
  }
  {
    await using second = await connectDuckdb(source({}), 'kept');
    expect(await second.query('select * from t')).toEqual([{ n: 7 }]);
  }
  await using inMemory = await connectDuckdb(source({ host: null }), 'kept');
  await expect(inMemory.query('select * from t')).rejects.toThrow('does not exist');
  await expect(connectDuckdb(source({ type: 'http' }), 'kept')).rejects.toThrow('not duckdb');
});
