/** Goal: trouble that a second attempt cures is not passed on, and no caller waits for ever. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '#platform/db/client.ts';
import { isRefusedValue, translateDatabaseError } from '#platform/db/errors.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe('a single statement', () => {
  it('is done again when Postgres ended it to break a deadlock', async () => {
    const { db } = database;
    await db.pool.query('create table pair (id int primary key, n int not null); insert into pair values (1, 0), (2, 0)');
    const other = await db.pool.connect();
    await other.query(`begin; set local deadlock_timeout = '1min'; update pair set n = n + 10 where id = 1`);
    const both = db.query({
      name: 'update_pair',
      // The part that nothing refers to comes last.
      text: 'with last as (update pair set n = n + 1 where id = 1) update pair set n = n + 1 where id = 2',
    });
    await until(
      async () =>
        (await db.pool.query(`select 1 from pg_stat_activity where query like 'with last%' and wait_event_type = 'Lock'`)).rowCount,
      { what: 'the statement waits for the other transaction' },
    );
    await other.query('update pair set n = n + 10 where id = 2');
    await other.query('commit');
    other.release();
    await both;
    expect((await db.pool.query('select n from pair order by id')).rows).toEqual([{ n: 11 }, { n: 11 }]);
  });

  it('fails as a lost connection when no answer comes', async () => {
    const db = openDatabase({ url: database.url, applicationName: 'test', logger: quietLogger(), answerTimeoutMs: 100 });
    await expect(db.query({ name: 'hang', text: 'select pg_sleep(30)' })).rejects.toMatchObject({ kind: 'connection', statement: 'hang' });
    await expect(db.query({ name: 'next', text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await db.close();
  });
});

describe('a transaction', () => {
  it('fails, and nothing else does, when its connection ends between two of its statements', async () => {
    const db = openDatabase({ url: database.url, applicationName: 'test', logger: quietLogger() });
    const failing = db.transaction('two_steps', async (tx) => {
      const { rows } = await tx.query<{ pid: number }>({ name: 'who', text: 'select pg_backend_pid() as pid' });
      await database.db.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      // Nobody waits for an answer just now: the end of the connection reaches no statement.
      await until(
        async () => (await database.db.pool.query('select 1 from pg_stat_activity where pid = $1', [rows[0]?.pid])).rowCount === 0,
        {
          what: 'the session has ended',
        },
      );
      await tx.query({ name: 'next', text: 'select 1' });
    });
    await expect(failing).rejects.toMatchObject({ kind: 'connection', statement: 'next' });
    await expect(db.query({ name: 'after', text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await db.close();
  });
});

describe('an error of Postgres', () => {
  it.each([
    ['22P05', true],
    ['23514', true],
    ['54000', true],
    ['53300', false],
    ['53100', false],
    ['57P01', false],
    ['XX000', false],
    ['ECONNRESET', false],
  ])('%s is about the values: %s', (code, refused) => {
    expect(isRefusedValue(translateDatabaseError(Object.assign(new Error('no'), { code }), 'finish_attempts'))).toBe(refused);
  });
});
