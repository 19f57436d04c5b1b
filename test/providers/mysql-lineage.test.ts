// Goal: what statements of MySQL write is told with what its columns are made of. The server is mysql2's own over SQLite, or the one of
// TEST_MYSQL_URL, as in mysql.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AssetEmission } from '#core/assets/asset-spec.ts';
import { asset, type Ctx, dag } from '#sdk/index.ts';
import { type MysqlServer, startMysqlServer } from '#test/support/mysql-server.ts';
import { connectMysql, type MysqlConnection } from '../../providers/mysql/index.ts';
import { readMysqlWriting, standardMysql } from '../../providers/mysql/mysql-lineage.ts';
import { type SqlBlockOptions, sqlExporter, sqlLoader } from '../../providers/sql/index.ts';
import { runTasks } from '../dags/run-tasks.ts';

let server: MysqlServer;
let folder: string;
const shop = () => ({ id: 'shop', type: 'mysql', extra: {}, ...server.connection }) as MysqlConnection;
beforeAll(async () => {
  server = await startMysqlServer();
  folder = await mkdtemp(join(tmpdir(), 'windlass-mysql-lineage-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await using mysql = await connectMysql({ conn: async <T>() => shop() as T }, 'shop');
  for (const table of ['fares', 'totals', 'made']) await mysql.query(`drop table if exists ${table}`);
  await mysql.query('create table fares (zone bigint, fare double)');
  await mysql.query('create table totals (zone bigint, total double)');
  await mysql.query('insert into fares values (1, 2), (1, 3), (2, 4)');
});

const totals = asset({ name: 'totals', uri: 'mysql://shop/totals' });
const fares = asset({ name: 'fares', uri: 'mysql://shop/fares' });

async function versionsOf(made: unknown) {
  const { results } = await runTasks(made, { params: {}, connections: { shop: shop() }, scratchFolder: folder });
  for (const result of Object.values(results)) expect(result).toMatchObject({ outcome: 'success' });
  return Object.values(results).flatMap((result) => (result as { assets?: AssetEmission[] }).assets ?? []);
}
const exporter = (sql: string) => sqlExporter({ name: 'keep', on: 'mysql', connection: 'shop', sql } as SqlBlockOptions<never> as never);

describe('the version of a table', () => {
  it('says of what a select made its columns, in the words of MySQL', async () => {
    const sql = 'insert into `totals` (`zone`, total) select f.`zone`, sum(f.FARE) as "total" from `fares` f group by f.zone # all';
    const made = dag('d', {}, ({ task }) => task('keep', exporter(sql.replace(' # all', '')), { outlets: [totals], inlets: [fares] }));
    expect(await versionsOf(made)).toMatchObject([
      {
        version: {
          rows: 2,
          columns: [
            { name: 'zone', type: expect.stringMatching(/^bigint/), nullable: true },
            { name: 'total', type: 'double', nullable: true },
          ],
          columnLineage: { zone: [{ asset: 'fares', column: 'zone' }], total: [{ asset: 'fares', column: 'fare' }] },
        },
      },
    ]);
  });

  it('is told of statements that the code of a task runs', async () => {
    const run = async (ctx: Ctx<unknown>) => {
      await using mysql = await connectMysql(ctx, 'shop');
      await mysql.query('create table made as select zone, fare + 1 as more from fares');
    };
    const made = dag('d', {}, ({ task }) => task('run', run, { outlets: [asset('mysql://shop/made')], inlets: [fares] }));
    expect((await versionsOf(made))[0]?.version?.columnLineage).toEqual({
      zone: [{ asset: 'fares', column: 'zone' }],
      more: [{ asset: 'fares', column: 'fare' }],
    });
  });

  it('is traced through a frame of MySQL, which a SQL block there reads', async () => {
    const made = dag('d', {}, ({ task }) => {
      const load = sqlLoader({ name: 'load', on: 'mysql', connection: 'shop', sql: 'select zone, fare * 2 as twice from fares' });
      const loaded = task('load', load, { inlets: [fares] });
      task('keep', { frames: [loaded] }, exporter('insert into totals select zone, twice from {{ df_1 }}'), { outlets: [totals] });
    });
    expect((await versionsOf(made))[0]?.version).toMatchObject({
      rows: 3,
      columnLineage: {
        zone: [{ asset: 'fares', column: 'zone', through: ['load'] }],
        total: [{ asset: 'fares', column: 'fare', through: ['load'] }],
      },
    });
  });
});

it.for([
  ["select `a``b`, \"it's\", 'x\\'y' from t # end", "select \"a`b\", 'it''s', 'x''y' from t  "],
  ['select 1 -- one\n, 2 /* two */', 'select 1  \n, 2  '],
  ["select '-- no comment'", "select '-  no comment'"],
])('%s is put into standard SQL', ([given, standard]) => {
  expect(standardMysql(given as string)).toBe(standard);
});

it.for([
  [
    'insert ignore into t (a) select b from s on duplicate key update a = values(a)',
    { table: 't', columns: ['a'], select: 'select b from s', adds: true },
  ],
  ['replace into db.t select b from s', { schema: 'db', table: 't', adds: true }],
  ['create table if not exists `T` as select 1 as a', { table: 'T', adds: false }],
] as const)('%s is a statement that writes', ([sql, expected]) => {
  expect(readMysqlWriting(sql)).toMatchObject(expected);
});

it.for(['insert into t values (1)', 'update t set a = 1', 'create table t (a int) select 1 as b', 'replace into t set a = 1'])(
  '%s is not followed',
  (sql) => {
    expect(readMysqlWriting(sql)).toBe(null);
  },
);
