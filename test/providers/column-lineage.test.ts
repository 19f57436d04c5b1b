// Goal: what a select says of where its columns come from is right, or nothing is said. Method: DuckDB's parser, selects of each kind; then
// a task on a real Postgres and one on DuckDB, as their versions tell it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BodyResult } from '#core/task-protocol.ts';
import { asset, dag } from '#sdk/index.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { attemptTask } from '#test/support/task-attempt.ts';
import { duckdbSql } from '../../providers/duckdb/index.ts';
import { selectedColumnsOf, tableOf, underNames } from '../../providers/sql/column-lineage.ts';
import { sql as sqlTask } from '../../providers/sql/index.ts';
import { parseSelect, readWritingStatement } from '../../providers/sql/parse-select.ts';
import { connectionFromUrl } from './postgres-connection.ts';

const COLUMNS: Readonly<Record<string, readonly string[]>> = { trips: ['id', 'fare', 'tip'], 'lake.zones': ['id', 'name'] };

async function lineage(select: string): Promise<Record<string, string> | null> {
  const selected = selectedColumnsOf(await parseSelect(select), (table) => tableOf(table, COLUMNS[table] ?? null));
  const made =
    selected &&
    underNames(
      selected,
      selected.map(([name]) => name),
    );
  return (
    made &&
    Object.fromEntries(Object.entries(made).map(([column, of]) => [column, of.map((one) => `${one.asset}.${one.column}`).join(' ')]))
  );
}

describe('the columns of', () => {
  it.for([
    ['a plain select', 'select id, fare as price from trips', { id: 'trips.id', price: 'trips.fare' }],
    ['an expression', 'select fare + tip as total, 1 as one from trips', { total: 'trips.fare trips.tip', one: '' }],
    [
      'a join',
      'select z.name, sum(t.fare) s from trips t join lake.zones z using (id) group by 1',
      { name: 'lake.zones.name', s: 'trips.fare' },
    ],
    ['a star', 'select *, fare * 2 as twice from trips', { id: 'trips.id', fare: 'trips.fare', tip: 'trips.tip', twice: 'trips.fare' }],
    ['a CTE', 'with t as (select id, fare + tip as total from trips) select total as x from t', { x: 'trips.fare trips.tip' }],
    ['a subquery', 'select s.f from (select fare as f from trips) s', { f: 'trips.fare' }],
    ['a union', 'select fare as f from trips union all select id from lake.zones', { f: 'trips.fare lake.zones.id' }],
    ['a case', 'select case when id > 1 then fare else tip end as c from trips', { c: 'trips.id trips.fare trips.tip' }],
    ['a window', 'select row_number() over (partition by id order by fare) as n from trips', { n: 'trips.id trips.fare' }],
    ['a column of USING', 'select id, name from trips join lake.zones using (id)', { id: 'trips.id', name: 'lake.zones.name' }],
    [
      'a star over USING',
      'select * from lake.zones join trips using (id)',
      {
        id: 'lake.zones.id',
        name: 'lake.zones.name',
        fare: 'trips.fare',
        tip: 'trips.tip',
      },
    ],
    ['names given to a subquery', 'select t.x from (select id, fare from trips) t(x, y)', { x: 'trips.id' }],
    ['names given to a CTE', 'with t(x) as (select fare from trips) select x as y from t', { y: 'trips.fare' }],
    ['names in another case', 'select T.FARE as f from Trips t', { f: 'Trips.FARE' }],
    ['a count', 'select count(*) as n from trips', { n: '' }],
    ['what can be followed, beside what cannot', 'select t.fare as f, a as g from trips t, other, another', { f: 'trips.fare' }],
    ['a lambda, whose own names are none', 'select list_transform(id, x -> x + 1) as l, fare from trips', { fare: 'trips.fare' }],
    ['one table of unknown columns', 'select a, b as c from other', { a: 'other.a', c: 'other.b' }],
  ] as const)('%s are followed', async ([, select, expected]) => {
    expect(await lineage(select)).toEqual(expected);
  });

  it.for([
    ['a star of a table that is not known', 'select * from other'],
    ['a name that two unknown tables may have', 'select a from other, another'],
    ['values', 'select * from (values (1)) v'],
    ['no select', 'delete from trips'],
  ] as const)('%s are not guessed', async ([, select]) => {
    expect(await lineage(select)).toBe(null);
  });
});

it('a statement that writes by a select is recognised', () => {
  expect(readWritingStatement('insert into Lake.Fares (a, "B") select x, y from t on conflict do nothing')).toMatchObject({
    schema: 'Lake',
    table: 'Fares',
    columns: ['a', 'B'],
    select: 'select x, y from t ',
    adds: true,
  });
  expect(readWritingStatement('-- daily\ncreate table if not exists t as with x as (select 1) select * from x;')).toMatchObject({
    table: 't',
    adds: false,
  });
  expect(readWritingStatement('update t set a = 1')).toBe(null);
  expect(readWritingStatement('insert into t values (1)')).toBe(null);
});

describe('a task', () => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createDatabase();
    folder = mkdtempSync(join(tmpdir(), 'windlass-lineage-'));
    await database.db.pool.query('create table trips (id int, fare float8, tip float8); insert into trips values (1, 2, 3)');
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });
  const versionsOf = (result: BodyResult) => (result.outcome === 'success' ? (result.assets ?? []).map((one) => one.version) : result);
  const answer = (body: { what: string }) => (body.what === 'connection' ? connectionFromUrl(database.url) : null);

  it('on Postgres says what it wrote, and of what each column is made', async () => {
    const made = dag('d', {}, ({ task }) =>
      task(
        'sum',
        {
          connection: 'warehouse',
          sql: ['create table totals (trip int, total float8)', 'insert into totals (trip, total) select id, fare + tip from trips'],
        },
        sqlTask,
        {
          outlets: [asset('postgres://warehouse/public/totals')],
        },
      ),
    );
    const { result } = await attemptTask(made, 'sum', { answer });
    expect(versionsOf(result)).toEqual([
      {
        rows: 1,
        columns: [
          { name: 'trip', type: 'integer', nullable: true },
          { name: 'total', type: 'double precision', nullable: true },
        ],
        columnLineage: {
          trip: [{ asset: 'trips', column: 'id' }],
          total: [
            { asset: 'trips', column: 'fare' },
            { asset: 'trips', column: 'tip' },
          ],
        },
      },
    ]);
  });

  it('on DuckDB does, too', async () => {
    const into = join(folder, 'out.parquet');
    const made = dag('d', {}, ({ task }) =>
      task('sum', { sql: 'select x.a + 1 as b from (select 1 as a) x', into }, duckdbSql, { outlets: [asset(`file://${into}`)] }),
    );
    const { result } = await attemptTask(made, 'sum', { answer });
    expect(versionsOf(result)).toMatchObject([
      { rows: 1, columns: [{ name: 'b', type: 'INTEGER', nullable: true }], bytes: expect.any(Number) },
    ]);
  });
});
