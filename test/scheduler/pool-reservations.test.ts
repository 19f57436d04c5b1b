/** Goal: reservations never exceed the pool, however the schedulers' requests meet. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { reservePoolSlots } from '#platform/db/queries/reserve-pool-slots.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { PoolBook } from '../../scheduler/engine/pool-book.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.pool.query(`insert into pool (name, slots) values ('few', 3)`));
afterEach(() => database.db.pool.query(`delete from pool where name = 'few'; update scheduler_shard set owner = null`));

it('does not give back what it was just granted when another shard gets nothing', async () => {
  const { db } = database;
  const { shards } = await holdShards(db, { owner: 'a', ttlMs: 60_000, wantedMax: 16 });
  const holder = { owner: 'a', fence: shards };
  const numbers = shards.map((held) => held.shard);
  const book = new PoolBook();
  await book.load(db, numbers);
  await book.reserve(db, holder, [{ pool: 'few', shard: 1, slots: 1 }]);
  await book.reserve(db, holder, [
    { pool: 'few', shard: 1, slots: 2 },
    { pool: 'few', shard: 2, slots: 1 },
  ]);
  const remembered = [1, 2].map((shard) => book.free('few', shard));
  await book.load(db, numbers);
  expect(remembered).toEqual([1, 2].map((shard) => book.free('few', shard)));
  expect(remembered).toEqual([3, 0]);
});

it('counts what another scheduler reserved while this one waited for the pool', async () => {
  const { db } = database;
  const [a, b] = await Promise.all(['a', 'b'].map((owner) => holdShards(db, { owner, ttlMs: 60_000, wantedMax: 8 })));
  const other = await db.pool.connect();
  await other.query('begin');
  await other.query(`select 1 from pool where name = 'few' for update`);
  const second = reservePoolSlots(db, { owner: 'b', fence: b!.shards }, [{ pool: 'few', shard: b!.shards[0]!.shard, slots: 2 }]);
  await until(
    async () => (await db.pool.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%pool%'`)).rowCount,
    {
      what: 'the second waits for the pool',
    },
  );
  await other.query(`insert into pool_reservation (pool, shard, slots) values ('few', $1, 2)`, [a!.shards[0]!.shard]);
  await other.query('commit');
  other.release();
  expect((await second).map((granted) => granted.slots)).toEqual([1]);
});
