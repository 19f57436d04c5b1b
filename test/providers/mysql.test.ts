/**
 * MySQL by its wire protocol. The server is mysql2's own, over SQLite, because no real one comes from npm; TEST_MYSQL_URL
 * (mysql://root@127.0.0.1:3306/test) runs the same tests against a real one.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type MysqlServer, startMysqlServer } from '#test/support/mysql-server.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { connectMysql, type Mysql, type MysqlConnection } from '../../providers/mysql/index.ts';

let server: MysqlServer;
let mysql: Mysql;
beforeAll(async () => {
  server = await startMysqlServer();
  mysql = await connect();
});
afterAll(async () => {
  await mysql[Symbol.asyncDispose]();
  await server.stop();
});
beforeEach(async () => {
  for (const { name } of await mysql.query<{ name: string }>(
    'select table_name as name from information_schema.tables where table_schema = database()',
  ))
    await mysql.query(`drop table \`${name}\``);
});

const connect = (change: Partial<MysqlConnection> = {}) =>
  connectMysql({ conn: async <T>() => ({ id: 'shop', type: 'mysql', extra: {}, ...server.connection, ...change }) as T }, 'shop');

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', day: 'date', ok: 'bool' } as const;
const TEXT =
  'id,fare,name,at,day,ok\n9007199254740993,1.5,"é \\ \' "" 🚕",2021-01-31 23:59:59.000001,2021-01-31,true\n,,,,,\n-1,0.1,"",2021-02-01,2021-02-01,false\n';
const frame = (text = TEXT) => readCsvBatches([Buffer.from(text)], { types: TYPES, batchRows: 2 });
const load = (ifExists: 'replace' | 'append' | 'fail', text = TEXT) => mysql.loadTable({ table: 'trips', frame: frame(text), ifExists });
const count = async () => (await mysql.query<{ n: number }>('select count(*) as n from trips'))[0]?.n;
const tables = async () =>
  (await mysql.query<{ name: string }>('select table_name as name from information_schema.tables where table_schema = database()')).map(
    ({ name }) => name,
  );

it('a frame becomes a table, to the last digit and character', async () => {
  expect(await load('fail')).toEqual({ table: 'trips', rows: 3, columns: Object.keys(TYPES) });
  const rows = await mysql.query(
    'select id, fare, name, cast(`at` as char) as at_text, cast(day as char) as day, ok from trips order by id desc',
  );
  expect(rows.filter((row) => row['id'] !== null)).toEqual([
    { id: 9007199254740993n, fare: 1.5, name: 'é \\ \' " 🚕', at_text: '2021-01-31 23:59:59.000001', day: '2021-01-31', ok: 1 },
    { id: -1, fare: 0.1, name: '', at_text: expect.stringMatching(/^2021-02-01 00:00:00/), day: '2021-02-01', ok: 0 },
  ]);
  expect(await mysql.query('select id from trips where name = ? and fare < ?', ['', 1])).toEqual([{ id: -1 }]);
});

it('a load replaces, appends or refuses, and a frame that fails changes nothing and leaves nothing', async () => {
  await load('replace');
  await load('append');
  expect(await count()).toBe(6);
  await expect(load('fail')).rejects.toThrow('exists already');
  const bad = 'id,fare,name,at,day,ok\n1,,,,,\n2,,,,,\n3,,,,,\nx,,,,,\n';
  for (const ifExists of ['replace', 'append'] as const) await expect(load(ifExists, bad)).rejects.toThrow('"x" is not a whole number');
  await expect(load('append', 'id,fare,name,at,day,ok\n1,NaN,,,,\n')).rejects.toThrow('column "fare": MySQL has no NaN');
  expect(await count()).toBe(6);
  await load('replace');
  expect([await count(), await tables()]).toEqual([3, ['trips']]);
  const other = readCsvBatches([Buffer.from('id,town\n1,Bonn\n')], { types: { id: 'int64', town: 'text' } });
  await expect(mysql.loadTable({ table: 'trips', frame: other, ifExists: 'append' })).rejects.toThrow('has no column town');
});

it('what cannot be opened says what to check', async () => {
  await expect(connect({ port: 1 })).rejects.toThrow('MySQL connection "shop" (127.0.0.1:1/test) cannot be opened: nothing listens there');
  await expect(connect({ password: 'wrong' })).rejects.toThrow('the login is refused');
  await expect(connect({ type: 'http' })).rejects.toThrow('not mysql');
});
