/** Rows of Postgres as frames, to the last digit, and from there to files and back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { duck } from '#test/support/duckdb.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { batchesOf, cellReader, type Frame } from '../../providers/arrow/index.ts';
import { readParquetBatches, writeParquet } from '../../providers/parquet/index.ts';
import { openPostgres, type Postgres } from '../../providers/postgres/index.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let database: TestDatabase;
let postgres: Postgres;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  postgres = await openPostgres(connectionFromUrl(database.url));
  folder = await mkdtemp(join(tmpdir(), 'windlass-unload-'));
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function cells(frame: Frame): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of batchesOf(frame)) {
    const readers = batch.data.children.map((child) => cellReader(child, ''));
    for (let row = 0; row < batch.numRows; row++) found.push(readers.map((read) => read(row)));
  }
  return found;
}

it('every type comes as the frame’s own, others as text', async () => {
  const sql = `select 9007199254740993::bigint as big, 7::smallint as small, 1.1::float8 as x, 12345678901234567890.5::numeric as exact, true as ok,
      date '1969-12-31' as day, timestamp '2021-01-31 23:59:59.000001' as at, timestamptz '2021-01-31 23:59:59+02' as zoned,
      '{"a": 1}'::jsonb as json, 'a,"b' || chr(10) || 'é' as text, '' as empty, null::int as nothing;`;
  expect(await cells(postgres.batches(sql))).toEqual([
    [
      9007199254740993n,
      7,
      1.1,
      '12345678901234567890.5',
      true,
      new Date('1969-12-31'),
      new Date('2021-01-31T23:59:59Z'),
      new Date('2021-01-31T21:59:59Z'),
      '{"a": 1}',
      'a,"b\né',
      '',
      null,
    ],
  ]);
});

it('rows go to a Parquet file and back into a table, batch by batch', async () => {
  const path = join(folder, 'rows.parquet');
  const rows = `select n, n / 4.0::float8 as x, case when n % 3 = 0 then null else 'row ' || n end as s from generate_series(1, 10000) n`;
  const sizes: number[] = [];
  for await (const batch of postgres.batches(rows, 3_000)) sizes.push(batch.numRows);
  expect(sizes.filter((size) => size > 0)).toEqual([3_000, 3_000, 3_000, 1_000]);
  await writeParquet(path, postgres.batches(rows));
  expect(await duck(`select count(*)::int, sum(n)::int, count(s)::int from '${path}'`)).toEqual([[10_000, 50_005_000, 6_667]]);
  await postgres.loadTable({ table: 'back', frame: readParquetBatches(path), ifExists: 'replace' });
  expect(await postgres.query(`select count(*) as n from (select * from back except select * from (${rows}) r) d`)).toEqual([{ n: 0 }]);
});

it('a statement without rows has columns, a wrong one is told, and the connection goes on', async () => {
  expect(await cells(postgres.batches('select 1 as n where false'))).toEqual([]);
  await expect(cells(postgres.batches('select nothing'))).rejects.toThrow('column "nothing" does not exist');
  await expect(cells(postgres.batches('select 1 as n, 2 as n'))).rejects.toThrow('two columns are called "n"');
  await expect(cells(postgres.batches('select 1 / (n - 5) as n from generate_series(1, 10) n'))).rejects.toThrow('division by zero');
  await using other = await openPostgres(connectionFromUrl(database.url));
  for await (const _ of other.batches('select * from generate_series(1, 1000000)', 10)) break;
  await expect(other.query('select 1')).rejects.toThrow();
  expect(await postgres.query('select 1 as one')).toEqual([{ one: 1 }]);
});
