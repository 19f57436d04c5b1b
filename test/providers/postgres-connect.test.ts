/**
 * Connections: values read the same on every machine, and failures that say what to check.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { connectPostgres, openPostgres, type PostgresConnection } from '../../providers/postgres/index.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let database: TestDatabase;
let connection: PostgresConnection;
beforeAll(async () => {
  database = await createDatabase();
  connection = connectionFromUrl(database.url);
});
afterAll(() => database.drop());

describe('values', () => {
  it('come as numbers, UTC dates and texts, whatever the time zone of this machine', async () => {
    await using warehouse = await connectPostgres({ conn: async <T>() => connection as T }, 'warehouse');
    const [row] = await warehouse.query(
      `select count(*) as many, 9007199254740993::bigint as huge, 1.10::numeric as price, timestamp '2021-01-31 12:00:00.5' as naive,
              timestamptz '2021-01-31 12:00:00+01' as instant, date '2021-01-31' as day, current_setting('TimeZone') as zone,
              $1::timestamp as given`,
      [new Date('2021-07-01T10:00:00Z')],
    );
    expect(row).toEqual({
      many: 1,
      huge: 9007199254740993n,
      price: '1.10',
      naive: new Date('2021-01-31T12:00:00.500Z'),
      instant: new Date('2021-01-31T11:00:00Z'),
      day: '2021-01-31',
      zone: 'UTC',
      given: new Date('2021-07-01T10:00:00Z'),
    });
  });

  it('are refused by the server with its own words', async () => {
    await using warehouse = await openPostgres(connection);
    await expect(warehouse.query('select * from nowhere')).rejects.toThrow('relation "nowhere" does not exist');
    expect(await warehouse.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('failures', () => {
  it.each([
    ['nothing listens', { port: 1 }, 'nothing listens there'],
    ['the password is wrong', { password: 'wrong' }, 'the password is wrong'],
    ['the database is missing', { schema: 'absent' }, 'there is no such database'],
    ['the type is another', { type: 'mysql' }, 'is of type "mysql", not postgres'],
    ['sslmode is unknown', { extra: { sslmode: 'on' } }, 'sslmode "on" is not one of disable, require'],
  ] as const)('%s: the message says so and names the connection', async (_, change, words) => {
    const failed = openPostgres({ ...connection, ...change });
    await expect(failed).rejects.toThrow(words);
    await expect(failed).rejects.toThrow('connection "warehouse"');
  });

  it('an aborted task loses its connection at once', async () => {
    const cancel = new AbortController();
    const warehouse = await openPostgres(connection, { signal: cancel.signal });
    const sleeping = warehouse.query('select pg_sleep(60)');
    cancel.abort();
    await expect(sleeping).rejects.toThrow();
    await warehouse.close();
  });
});
