/** Goal: SQL statements as tasks, all of them or none. Real Postgres. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dag } from '#sdk/index.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { attemptTask } from '#test/support/task-attempt.ts';
import { type SqlInput, sql } from '../../providers/sql/index.ts';

let database: TestDatabase;
let connection: object;

beforeAll(async () => {
  database = await createDatabase();
  const { hostname, port, username, password, pathname } = new URL(database.url);
  connection = {
    id: 'db',
    type: 'postgres',
    host: hostname,
    port: Number(port),
    login: username,
    password: password || null,
    schema: pathname.slice(1),
    extra: {},
  };
});
afterAll(() => database.drop());

const run = async (input: Omit<SqlInput, 'connection'>) =>
  (
    await attemptTask(
      dag('d', {}, ({ task }) => task('t', { connection: 'db', ...input }, sql)),
      't',
      { answer: () => connection },
    )
  ).result;

test('rows come back with their types', async () => {
  const result = await run({ sql: 'select $1::int as n, now() as at', values: [5] });
  expect(result).toMatchObject({ outcome: 'success', value: { rows: [{ n: 5, at: { $windlass: 'date' } }], rowCount: 1 } });
});

test('several statements are one transaction', async () => {
  expect(await run({ sql: ['create table t (n int)', { sql: 'insert into t values ($1), ($2)', values: [1, 2] }] })).toMatchObject({
    value: { rowCount: 2 },
  });
  const broken = await run({ sql: ['insert into t values (3)', 'insert into nowhere values (1)'] });
  expect(broken).toMatchObject({
    outcome: 'failed',
    error: {
      message: expect.stringMatching(/Statement 2 of 2 failed on connection "db": relation "nowhere" does not exist. Nothing was changed/),
    },
  });
  expect(await run({ sql: 'select count(*)::int as n from t' })).toMatchObject({ value: { rows: [{ n: 2 }] } });
});

test('autocommit runs what cannot be in a transaction', async () => {
  expect(await run({ sql: 'vacuum t' })).toMatchObject({ outcome: 'failed' });
  expect(await run({ sql: 'vacuum t', autocommit: true })).toMatchObject({ outcome: 'success' });
});

test('more rows than maxRows fail instead of filling the database', async () => {
  expect(await run({ sql: 'select generate_series(1, 11)', maxRows: 10 })).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('maxRows is 10') },
  });
});
