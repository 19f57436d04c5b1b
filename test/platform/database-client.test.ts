/** Goal: trouble that a second attempt cures is not passed on, and no caller waits for ever. */
import type { Socket } from 'node:net';
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
  it.each(['begins', 'commits'])('whose connection is lost as it %s fails as a lost connection', async (when) => {
    const db = openDatabase({ url: database.url, applicationName: 'test', logger: quietLogger(), maxConnections: 1 });
    const cut = () =>
      db.pool.once('acquire', (client) => (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy());
    if (when === 'begins') cut();
    const lost = db.transaction('save', async (tx) => {
      const { rows } = await tx.query<{ pid: number }>({ name: 'pid', text: 'select pg_backend_pid() as pid' });
      await database.db.pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    });
    await expect(lost).rejects.toMatchObject({ name: 'DatabaseFailure', kind: 'connection', statement: 'save' });
    await expect(db.query({ name: 'next', text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await db.close();
  });

  it('whose connection Postgres cuts between two statements fails alone: the process lives, and the next one has another', async () => {
    const db = openDatabase({ url: database.url, applicationName: 'test', logger: quietLogger(), maxConnections: 1 });
    let hasEnded = false;
    db.pool.once('connect', (client) =>
      client.once('end', () => {
        hasEnded = true;
      }),
    );
    const cut = db.transaction('slow', async (tx) => {
      await tx.query({ name: 'hurry', text: `set local idle_in_transaction_session_timeout = '20ms'` });
      await until(() => hasEnded, { what: 'the connection is gone' });
      await tx.query({ name: 'late', text: 'select 1' });
    });
    await expect(cut).rejects.toMatchObject({ kind: 'connection', statement: 'late' });
    await expect(db.transaction('next', async (tx) => (await tx.query({ name: 'one', text: 'select 1 as one' })).rows)).resolves.toEqual([
      { one: 1 },
    ]);
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
