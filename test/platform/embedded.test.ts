// Goal: the servers we start for the user are real, separate and leave nothing behind.
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { startRedis } from '#test/support/redis.ts';

describe('a test database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  test('has the schema, and is its own', async () => {
    const result = await database.db.pool.query('select count(*)::int as shards from scheduler_shard');
    expect(result.rows[0].shards).toBe(16);
    const other = await createDatabase();
    await other.db.pool.query("insert into pool (name, slots) values ('mine', 1)");
    const pools = await database.db.pool.query("select 1 from pool where name = 'mine'");
    expect(pools.rowCount).toBe(0);
    await other.drop();
  });
});

test('a private redis-server answers with its password and is gone after stop', async () => {
  const redis = await startRedis();
  expect(await say(redis.port, 'PING\r\n')).toMatch(/NOAUTH/);
  expect(await say(redis.port, `AUTH ${new URL(redis.url).password}\r\nCONFIG GET maxmemory-policy\r\n`)).toMatch(/noeviction/);
  await redis.stop();
  await expect(say(redis.port, 'PING\r\n')).rejects.toThrow(/ECONNREFUSED/);
});

function say(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
