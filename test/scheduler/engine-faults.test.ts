/**
 * Goal: a pass that fails anywhere leaves nothing behind in memory. Method: one statement of a pass fails before it
 * reaches Postgres, or after it was done; the next passes have to end where a pass without trouble would.
 */
import { describe, expect, it } from 'vitest';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import {
  claim,
  database,
  engine,
  faults,
  finish,
  inbox,
  instances,
  runState,
  saveDag,
  schedulerId,
  settle,
  sql,
  startRun,
  statesOf,
  trigger,
} from './engine-harness.ts';

describe('a pass that fails', () => {
  it('does not lose the run that was due', async () => {
    await saveDag(aDagSpec('hourly', [aTask('a')], { schedule: { kind: 'delta', everyMs: 3_600_000 }, startDate: '2026-01-01T00:00:00Z' }));
    inbox.reloadDag('hourly');
    faults.failBefore('create_dag_runs');
    await expect(engine.runOnce()).rejects.toThrow('create_dag_runs');
    await settle();
    expect(await sql(`select run_id from dag_run where dag_id = 'hourly'`)).toHaveLength(1);
  });

  it('forgets what it had decided, also when Postgres stays away for longer', async () => {
    const run = await startRun(aDagSpec('twice', [aTask('a'), aTask('b', { upstream: ['a'] }), aTask('c', { upstream: ['b'] })]));
    faults.failBefore('flush_scheduling');
    faults.failBefore('load_unfinished_runs');
    await finish(run, 'a', { event: 'fail' }).catch(() => {});
    await expect(engine.runOnce()).rejects.toThrow();
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'upstream_failed' });
    expect(await runState(run)).toBe('failed');
  });

  it.each(['read_instances', 'read_pools', 'reserve_pool_slots', 'load_unfinished_runs', 'list_scheduled_dags'])(
    'in %s hears again what it had heard',
    async (statement) => {
      await sql(`insert into pool (name, slots) values ('late_${statement}', 4)`);
      const run = await startRun(aDagSpec(`hears_${statement}`, [aTask('a'), aTask('b', { upstream: ['a'], pool: `late_${statement}` })]));
      const later = await trigger(`hears_${statement}`);
      inbox.reloadRuns(`hears_${statement}`);
      inbox.reloadDag(`hears_${statement}`);
      faults.failBefore(statement);
      await finish(run, 'a').catch(() => {});
      await settle();
      expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
      expect(await statesOf(later)).toMatchObject({ a: 'queued' });
      await sql(`delete from pool where name = 'late_${statement}'`);
    },
  );

  it('counts what it queued though the answer was lost', async () => {
    await sql(`insert into pool (name, slots) values ('single', 1)`);
    faults.failAfter('flush_scheduling');
    const run = await startRun(aDagSpec('answerless', [aTask('a', { pool: 'single' }), aTask('b', { pool: 'single' })])).catch(
      async () =>
        (await sql<{ dag_run_id: string }>(`select dag_run_id from dag_run where dag_id = 'answerless'`))[0]?.dag_run_id as string,
    );
    await settle();
    expect(Object.values(await statesOf(run)).sort()).toEqual(['queued', 'scheduled']);
    const queued = (await instances(run)).find((row) => row.state === 'queued')?.task_id as string;
    await finish(run, queued);
    expect(Object.values(await statesOf(run)).sort()).toEqual(['queued', 'success']);
    await sql(`delete from pool where name = 'single'`);
  });

  it('is fenced off: a flush that arrives after the next pass began writes nothing', async () => {
    const late = faults.holdBack('flush_scheduling');
    await startRun(aDagSpec('straggler', [aTask('a')])).catch(() => {});
    const [run] = await sql<{ dag_run_id: string }>(`select dag_run_id from dag_run where dag_id = 'straggler'`);
    await sql(`update dag set is_paused = true, revision = revision + 1 where dag_id = 'straggler'`);
    await settle();
    expect((await late()).rows).toEqual([{ moved: null, runs: null }]);
    expect(await runState(run?.dag_run_id as string)).toBe('queued');
  });

  it('keeps the shards: the keeper sees the new epochs as its own', async () => {
    faults.failBefore('list_scheduled_dags');
    inbox.reloadDag('whatever');
    await expect(engine.runOnce()).rejects.toThrow();
    await engine.runOnce();
    const { shards } = await holdShards(database.db, { owner: schedulerId, ttlMs: 60_000, wantedMax: 16 });
    expect(new Map(shards.map(({ shard, epoch }) => [shard, epoch]))).toEqual(engine.epochs);
    expect(shards).toHaveLength(16);
  });
});

describe('a run that is given up', () => {
  it('fails also when the scheduler dies right after it skipped what was open', async () => {
    const run = await startRun(aDagSpec('given_up', [aTask('a'), aTask('b', { upstream: ['a'] })], { dagrunTimeoutMs: 60_000 }));
    await claim(run, 'a');
    engine.time.offsetMs = 61_000;
    faults.failAfter('abandon_run');
    await engine.runOnce().catch(() => {});
    engine.time.offsetMs = 0;
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'skipped', b: 'skipped' });
    expect(await sql('select state, reason from dag_run where dag_run_id = $1', [run])).toEqual([
      { state: 'failed', reason: 'the run took longer than its dagrunTimeout of 1 min' },
    ]);
  });
});
