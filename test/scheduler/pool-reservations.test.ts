/** Goal: reservations never exceed the pool, however the schedulers' requests meet. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { type PoolAsk, settlePools } from '#platform/db/queries/settle-pools.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());
beforeEach(() => database.db.pool.query(`insert into pool (name, slots) values ('few', 3)`));
afterEach(() => database.db.pool.query(`delete from pool where name = 'few'; update scheduler_shard set owner = null`));

const anAsk = (claims: PoolAsk['claims'], change: Partial<PoolAsk> = {}): PoolAsk => ({
  pool: 'few',
  taken: new Map(),
  claims,
  waiting: null,
  spare: 0,
  ...change,
});
const reserved = async () =>
  (await database.db.pool.query(`select shard, slots from pool_reservation where pool = 'few' and slots > 0 order by shard`)).rows;

it('moves what one of its shards does not use to another that asks', async () => {
  const { db } = database;
  const { shards } = await holdShards(db, { owner: 'a', ttlMs: 60_000, wantedMax: 16 });
  const holder = { owner: 'a', fence: shards };
  await settlePools(db, holder, [anAsk([{ shard: 1, slots: 3, rankMs: 0 }])]);
  expect(await reserved()).toEqual([{ shard: 1, slots: 3 }]);
  const taken = new Map([[1, 1]]);
  const claims = [1, 2, 3].map((rankMs) => ({ shard: 2, slots: 1, rankMs }));
  const [answer] = await settlePools(db, holder, [anAsk(claims, { taken })]);
  expect(answer?.granted).toEqual([true, true, false]);
  expect(await reserved()).toEqual([
    { shard: 1, slots: 1 },
    { shard: 2, slots: 2 },
  ]);
});

it('counts what another scheduler reserved while this one waited for the pool', async () => {
  const { db } = database;
  const [a, b] = await Promise.all(['a', 'b'].map((owner) => holdShards(db, { owner, ttlMs: 60_000, wantedMax: 8 })));
  const other = await db.pool.connect();
  await other.query('begin');
  await other.query(`select 1 from pool where name = 'few' for update`);
  const claims = [0, 1].map((rankMs) => ({ shard: b!.shards[0]!.shard, slots: 1, rankMs }));
  const second = settlePools(db, { owner: 'b', fence: b!.shards }, [anAsk(claims)]);
  await until(
    async () => (await db.pool.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%pool%'`)).rowCount,
    {
      what: 'the second waits for the pool',
    },
  );
  await other.query(`insert into pool_reservation (pool, shard, slots) values ('few', $1, 2)`, [a!.shards[0]!.shard]);
  await other.query('commit');
  other.release();
  expect((await second)[0]?.granted).toEqual([true, false]);
});

it('leaves a slot for another scheduler that waits longer, until that has got it or is not heard of any more', async () => {
  const { db } = database;
  const [a, b] = await Promise.all(['a', 'b'].map((owner) => holdShards(db, { owner, ttlMs: 60_000, wantedMax: 8 })));
  const [mine, theirs] = [
    { owner: 'a', fence: a!.shards },
    { owner: 'b', fence: b!.shards },
  ];
  const claim = (holder: typeof mine, rankMs: number) => [{ shard: holder.fence[0]!.shard, slots: 3, rankMs }];
  await settlePools(db, mine, [anAsk(claim(mine, 5))]);
  expect((await settlePools(db, theirs, [anAsk(claim(theirs, 7), { waiting: [] })]))[0]?.granted).toEqual([false]);
  // Its own has ended, and its next came later than what the other waits for.
  const idle = new Map([[mine.fence[0]!.shard, 0]]);
  const [refused] = await settlePools(db, mine, [anAsk(claim(mine, 8), { waiting: [], taken: idle })]);
  expect(refused).toMatchObject({ granted: [false], isContended: true });
  expect((await settlePools(db, theirs, [anAsk(claim(theirs, 7), { waiting: [] })]))[0]?.granted).toEqual([true]);
  await settlePools(db, theirs, [anAsk([], { waiting: claim(theirs, 9), taken: new Map([[theirs.fence[0]!.shard, 0]]) })]);
  await db.pool.query(`update pool_demand set asked_at = asked_at - interval '1 minute'`);
  expect((await settlePools(db, mine, [anAsk(claim(mine, 10), { waiting: [] })]))[0]).toMatchObject({
    granted: [true],
    isContended: false,
  });
});
