/** SQLite files: frames in, rows out, all of a load or nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { connectSqlite, openSqlite } from '../../providers/sqlite/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-sqlite-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', day: 'date', ok: 'bool' } as const;
const TEXT = 'id,fare,name,at,day,ok\n9007199254740993,1.5,é,2021-01-31 23:59:59.000001,2021-01-31,true\n,,,,,\n';
const frame = (text = TEXT) => readCsvBatches([Buffer.from(text)], { types: TYPES, batchRows: 1 });

it('a frame becomes a table, to the last digit', async () => {
  using database = await openSqlite(join(folder, 'a.db'));
  const loaded = await database.loadTable({ table: 'trips', frame: frame(), ifExists: 'fail' });
  expect(loaded).toEqual({ table: 'trips', rows: 2, columns: Object.keys(TYPES) });
  expect(database.query('select * from trips where id > ?', [1])).toEqual([
    { id: 9007199254740993n, fare: 1.5, name: 'é', at: '2021-01-31 23:59:59.000001', day: '2021-01-31', ok: 1 },
  ]);
  expect(database.query('select count(*) as n, typeof(fare) as type from trips where id is null')).toEqual([{ n: 1, type: 'null' }]);
});

it('a load replaces, appends or refuses, and a frame that fails changes nothing', async () => {
  using database = await openSqlite(join(folder, 'b.db'));
  const load = (ifExists: 'replace' | 'append' | 'fail', text = TEXT) =>
    database.loadTable({ table: 'trips', frame: frame(text), ifExists });
  const count = () => database.query<{ n: number }>('select count(*) as n from trips')[0]?.n;
  await load('replace');
  await load('append');
  expect(count()).toBe(4);
  await expect(load('fail')).rejects.toThrow('exists already');
  await expect(load('replace', 'id,fare,name,at,day,ok\n1,,,,,\nx,,,,,\n')).rejects.toThrow('"x" is not a whole number');
  expect(count()).toBe(4);
  await load('replace');
  expect(count()).toBe(2);
  const other = readCsvBatches([Buffer.from('id,town\n1,Bonn\n')], { types: { id: 'int64', town: 'text' } });
  await expect(database.loadTable({ table: 'trips', frame: other, ifExists: 'append' })).rejects.toThrow('has no column town');
});

it('a connection names the file, and one that cannot be used says why', async () => {
  const source = (change: object) => ({
    conn: async <T>() => ({ id: 'books', type: 'sqlite', host: join(folder, 'c.db'), schema: null, ...change }) as T,
  });
  using database = await connectSqlite(source({}), 'books');
  expect(database.query('select 1 as one')).toEqual([{ one: 1 }]);
  await expect(connectSqlite(source({ host: null }), 'books')).rejects.toThrow('names no file');
  await expect(connectSqlite(source({ type: 'mysql' }), 'books')).rejects.toThrow('not sqlite');
  await expect(openSqlite(join(folder, 'none/c.db'))).rejects.toThrow('cannot be opened');
  await writeFile(join(folder, 'text.db'), 'no database at all, but long enough to be looked at as one');
  await expect(openSqlite(join(folder, 'text.db'))).rejects.toThrow('Is the folder there, and the file a database?');
});
