/** Goal: a deferred task gives its pool slot back, unless the pool counts deferred ones. Method: the engine over real Postgres. */
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { database, engine, settle, sql, startRun, statesOf } from '../scheduler/engine-harness.ts';
import { aTriggerer, defer, reaches } from './harness.ts';

afterEach(() => sql(`delete from pool where name = 'one'`));

const later = () => ({ at: new Date(systemClock.now() + 3_600_000).toISOString() });

async function twoInAPoolOfOne(includeDeferred: boolean): Promise<string> {
  await sql(`insert into pool (name, slots, include_deferred) values ('one', 1, $1)`, [includeDeferred]);
  await engine.pools.load(database.db, engine.shards);
  const run = await startRun(aDagSpec('pooled', [aTask('a', { pool: 'one', priorityWeight: 2 }), aTask('b', { pool: 'one' })]));
  expect(await statesOf(run)).toEqual({ a: 'queued', b: 'scheduled' });
  return run;
}

it('a deferred task leaves its slot to the next', async () => {
  const run = await twoInAPoolOfOne(false);
  await defer(run, 'a', { args: later() });
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'deferred', b: 'queued' });
});

it('a pool that counts deferred tasks keeps it taken until the wait is over', async () => {
  const run = await twoInAPoolOfOne(true);
  await defer(run, 'a', { args: { at: new Date(systemClock.now() + 1_500).toISOString() }, onFound: 'succeed' });
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'deferred', b: 'scheduled' });
  await aTriggerer();
  await reaches(run, 'a', 'success');
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
});
