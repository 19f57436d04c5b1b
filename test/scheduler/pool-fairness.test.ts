/**
 * Goal: a small pool is shared fairly between DAGs, whether one scheduler has their shards or two have; deferred tasks
 * hold slots where the pool says so; and what waits says for what.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { shardOf } from '#core/sharding.ts';
import { newId } from '#platform/clock.ts';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { Engine } from '../../scheduler/engine/engine.ts';
import { Inbox } from '../../scheduler/engine/inbox.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';
import { database, deps, engine, finish, inbox, instances, saveDag, settle, sql, startRun, statesOf, trigger } from './engine-harness.ts';

const POOL = 'narrow';
const aDag = (dagId: string, tasks = 1, change: Partial<Parameters<typeof aTask>[1]> = {}) =>
  aDagSpec(
    dagId,
    Array.from({ length: tasks }, (_, number) => aTask(`t${number}`, { pool: POOL, ...change })),
    { maxActiveRuns: 100 },
  );
const makePool = (slots: number, includeDeferred = false) =>
  sql('insert into pool (name, slots, include_deferred) values ($1, $2, $3)', [POOL, slots, includeDeferred]);

afterEach(async () => {
  await sql('delete from pool_demand');
  await sql('delete from pool where name = $1', [POOL]);
});

/** Who has the slot now: "dag id", or nothing. */
const holder = async () =>
  (
    await sql<{ dag_id: string }>(
      `select r.dag_id from task_instance join dag_run r using (dag_run_id) where pool = $1 and task_instance.state in ('queued', 'running')`,
      [POOL],
    )
  ).map((row) => row.dag_id);

async function endWhatRuns(): Promise<void> {
  const [row] = await sql<{ dag_run_id: string; task_id: string }>(
    `select dag_run_id, task_id from task_instance where state = 'queued' and pool = $1`,
    [POOL],
  );
  if (row) await finish(row.dag_run_id, row.task_id);
}

describe('a pool of one slot', () => {
  it('goes to the DAGs of different shards in turn, although one of them always has more', async () => {
    expect(shardOf('busy')).not.toBe(shardOf('rare'));
    await makePool(1);
    await startRun(aDag('busy', 12));
    await startRun(aDag('rare', 2));
    const turns: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      turns.push(...(await holder()));
      await endWhatRuns();
    }
    // What is ready since before the first of the other comes first; then they take turns.
    expect(turns).toEqual(['busy', 'busy', 'rare', 'busy', 'rare']);
  });

  it('goes to the DAGs of two schedulers in turn', { timeout: 60_000 }, async () => {
    await makePool(1);
    await saveDag(aDag('busy', 12));
    await saveDag(aDag('rare', 2));
    // Half of the shards each: the second takes what the first gives up.
    const second = { ...deps, schedulerId: `other-${newId()}` };
    await sql(`update scheduler_shard set owner = null, expires_at = '-infinity' where shard = $1`, [shardOf('rare')]);
    engine.lose(shardOf('rare'));
    const held = await holdShards(database.db, { owner: second.schedulerId, ttlMs: 60_000, wantedMax: 1 });
    expect(held.shards.map((shard) => shard.shard)).toEqual([shardOf('rare')]);
    const otherInbox = new Inbox(() => {});
    const other = new Engine(second, otherInbox);
    await other.gain(held.shards);
    await trigger('busy');
    inbox.reloadDag('busy');
    inbox.reloadRuns('busy');
    await settle();
    expect(await holder()).toEqual(['busy']);
    await trigger('rare');
    otherInbox.reloadRuns('rare');
    await other.runOnce();

    const turns: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const [row] = await sql<{ task_instance_id: string; dag_run_id: string; task_id: string; dag_id: string }>(
        `select ti.*, r.dag_id from task_instance ti join dag_run r using (dag_run_id) where ti.state = 'queued'`,
      );
      turns.push(row?.dag_id as string);
      await finish(row?.dag_run_id as string, row?.task_id as string);
      otherInbox.ended([row?.task_instance_id as string]);
      await sweep(deps, engine, inbox);
      await sweep(second, other, otherInbox);
      await until(
        async () => {
          await other.runOnce();
          await engine.runOnce();
          const now = await holder();
          expect(now.length).toBeLessThanOrEqual(1);
          return now.length === 1;
        },
        { what: 'the slot is used again', pollMs: 20 },
      );
    }
    expect(turns.filter((dagId) => dagId === 'rare')).toHaveLength(2);
  });
});

describe('a pool', () => {
  it('that counts deferred tasks keeps their slots; another gives them to the next', async () => {
    for (const includeDeferred of [true, false]) {
      await makePool(1, includeDeferred);
      await sweep(deps, engine, inbox);
      const dagId = `waits_${includeDeferred}`;
      const run = await startRun(aDag(dagId, 2));
      const first = (await instances(run)).find((row) => row.state === 'queued');
      // As a worker does it: claimed, then deferred.
      await sql(
        `update task_instance set state = 'running', lease_owner = 'w', lease_expires_at = clock_timestamp() + interval '1 minute', last_heartbeat_at = clock_timestamp() where task_instance_id = $1`,
        [first?.task_instance_id],
      );
      await sql(`update task_instance set state = 'deferred', lease_owner = null, lease_expires_at = null where task_instance_id = $1`, [
        first?.task_instance_id,
      ]);
      inbox.ended([first?.task_instance_id as string]);
      await settle();
      expect(Object.values(await statesOf(run)).sort()).toEqual(includeDeferred ? ['deferred', 'scheduled'] : ['deferred', 'queued']);
      await sql('delete from dag_run where dag_run_id = $1', [run]);
      inbox.reloadRuns(dagId);
      await settle();
      await sql('delete from pool where name = $1', [POOL]);
    }
  });

  it('that is missing, or smaller than the task needs, is named with what to do; once it is right, the task is queued', async () => {
    const run = await startRun(aDag('odd', 1, { poolSlots: 3 }));
    const reason = async () => (await instances(run))[0]?.reason;
    expect(await reason()).toBe(`pool ${POOL} does not exist. Create it, or change the task's pool`);
    await makePool(2);
    await sweep(deps, engine, inbox);
    await settle();
    expect(await reason()).toBe(`the task needs 3 slots, but pool ${POOL} has only 2: give the pool more, or the task fewer poolSlots`);
    await sql('update pool set slots = 3 where name = $1', [POOL]);
    await sweep(deps, engine, inbox);
    await settle();
    expect(await statesOf(run)).toEqual({ t0: 'queued' });
  });

  it('without a limit takes all', async () => {
    await makePool(-1);
    const run = await startRun(aDag('many', 16));
    expect(Object.values(await statesOf(run))).toEqual(Array.from({ length: 16 }, () => 'queued'));
  });
});
