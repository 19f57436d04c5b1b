/** Goal: whatever is lost, late or given up, the engine comes to the right end, and never writes what is not its own. */
import { describe, expect, it } from 'vitest';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { shardOf } from '#core/sharding.ts';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { finishAttempts } from '#test/support/write-attempts.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';
import { rescueLostAttempts } from '../../scheduler/rescue-lost-attempts.ts';
import {
  claim,
  database,
  deps,
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

describe('the engine in trouble', () => {
  it('creates a run when its time has come, once, also when asked twice', async () => {
    await saveDag(aDagSpec('hourly', [aTask('a')], { schedule: { kind: 'delta', everyMs: 3_600_000 }, startDate: '2026-01-01T00:00:00Z' }));
    inbox.reloadDag('hourly');
    await settle();
    inbox.reloadDag('hourly');
    await settle();
    const runs = await sql<{ run_id: string; state: string }>(`select run_id, state from dag_run where dag_id = 'hourly'`);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.run_id).toMatch(/^scheduled__20\d\d-.*:00:00\+00:00$/);
  });

  it('catches up step by step: a few runs ahead of those that may be active, more as they end', async () => {
    const startDate = new Date(Date.now() - 200 * 3_600_000).toISOString();
    await saveDag(
      aDagSpec('behind', [aTask('a')], { schedule: { kind: 'delta', everyMs: 3_600_000 }, startDate, catchup: true, maxActiveRuns: 1 }),
    );
    inbox.reloadDag('behind');
    await settle();
    const runs = () => sql<{ dag_run_id: string }>(`select dag_run_id from dag_run where dag_id = 'behind' order by logical_date`);
    expect(await runs()).toHaveLength(21);
    await finish((await runs())[0]?.dag_run_id as string, 'a');
    expect(await runs()).toHaveLength(22);
  });

  it('fails a run that takes longer than its dagrunTimeout, and takes the lease of what runs', async () => {
    const run = await startRun(aDagSpec('slow', [aTask('a'), aTask('b', { upstream: ['a'] })], { dagrunTimeoutMs: 60_000 }));
    const claimed = await claim(run, 'a');
    engine.time.offsetMs = 61_000;
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'skipped', b: 'skipped' });
    expect((await sql<{ reason: string }>('select reason from dag_run where dag_run_id = $1', [run]))[0]?.reason).toBe(
      'the run took longer than its dagrunTimeout of 1 min',
    );
    const accepted = await finishAttempts(database.db, {
      workerId: 'w',
      finishes: [
        {
          attemptId: claimed?.attemptId as string,
          taskInstanceId: claimed?.taskInstanceId as string,
          leaseEpoch: claimed?.leaseEpoch as number,
          event: 'succeed',
          reason: null,
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: null,
          mapLabel: null,
          extraXcoms: [],
          callbacks: [],
        },
      ],
    });
    expect(accepted.attemptIds.size).toBe(0);
  });

  it('skips the rest and fails the run at the first failure of a DAG that fails fast', async () => {
    const run = await startRun(aDagSpec('hasty', [aTask('a'), aTask('b')], { failFast: true }));
    await finish(run, 'a', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ a: 'failed', b: 'skipped' });
    expect(await runState(run)).toBe('failed');
  });

  it('pauses a DAG after maxConsecutiveFailedDagRuns failures', async () => {
    const spec = aDagSpec('hopeless', [aTask('a')], { maxConsecutiveFailedDagRuns: 2 });
    const first = await startRun(spec);
    await finish(first, 'a', { event: 'fail' });
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    await finish(second, 'a', { event: 'fail' });
    await until(async () => (await sql<{ is_paused: boolean }>(`select is_paused from dag where dag_id = 'hopeless'`))[0]?.is_paused, {
      what: 'the pause',
    });
    expect(await sql(`select actor, action, extra from audit_log where dag_id = 'hopeless'`)).toEqual([
      { actor: 'scheduler', action: 'dag.pause', extra: { reason: 'maxConsecutiveFailedDagRuns: the last 2 runs failed' } },
    ]);
  });

  it('writes nothing once its shard belongs to another scheduler', async () => {
    const run = await startRun(aDagSpec('stolen', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    await sql(`update scheduler_shard set expires_at = '-infinity'`);
    await holdShards(database.db, { owner: 'thief', ttlMs: 60_000, wantedMax: 16 });
    await finish(run, 'a');
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'none' });
    expect(engine.shards).not.toContain(shardOf('stolen'));
  });

  it('gives no pool slots away that belong to the new owner of its shard', async () => {
    await sql(`insert into pool (name, slots) values ('few', 4)`);
    await startRun(aDagSpec('slept', [aTask('a', { pool: 'few' }), aTask('b', { pool: 'few' })]));
    const asleep = { pools: engine.pools, holder: engine.holder };
    const run = [...engine.memory.runs.values()][0] as RunModel;
    asleep.pools.take(run, 'few', -1);
    const reserved = await sql(`select * from pool_reservation where pool = 'few'`);
    await sql(`update scheduler_shard set owner = 'heir', epoch = epoch + 1`);
    await asleep.pools.trim(database.db, asleep.holder);
    expect(await sql(`select * from pool_reservation where pool = 'few'`)).toEqual(reserved);
    const claims = [{ shard: shardOf('slept'), slots: 1, rankMs: 0 }];
    const answers = await asleep.pools.settle(database.db, asleep.holder, [{ pool: 'few', claims, waiting: null }]);
    expect(answers[0]?.granted).toEqual([false]);
    expect(await sql(`select * from pool_reservation where pool = 'few'`)).toEqual(reserved);
    await sql(`delete from pool where name = 'few'`);
  });

  it('lets a later run go on when the run before skips the task by its rule', async () => {
    const spec = aDagSpec('in_turn', [aTask('a'), aTask('b', { upstream: ['a'], dependsOnPast: true })], { maxActiveRuns: 2 });
    const first = await startRun(spec);
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    await finish(second, 'a');
    expect(await statesOf(second)).toEqual({ a: 'success', b: 'none' });
    await finish(first, 'a', { event: 'skip' });
    expect(await statesOf(first)).toEqual({ a: 'skipped', b: 'skipped' });
    expect(await statesOf(second)).toEqual({ a: 'success', b: 'queued' });
  });

  it('knows the length of a list when it knows that its producer succeeded', async () => {
    const scope = { scopeId: 's', over: { from: 'task' as const, taskId: 'list', path: [] }, tolerate: 0, maxActive: null };
    const spec = aDagSpec('torn', [aTask('list'), aTask('each', { upstream: ['list'], mapScope: 's' })], { mapScopes: [scope as never] });
    const run = await startRun(spec);
    const claimed = await claim(run, 'list');
    // The producer ends between the two reads of a reload, whichever of them comes first.
    const ending = Promise.withResolvers<void>();
    faults.on('load_unfinished_runs_instances', async (send) => {
      await Promise.race([ending.promise, new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
      await finishAttempts(database.db, {
        workerId: 'w',
        finishes: [
          {
            attemptId: claimed?.attemptId as string,
            taskInstanceId: claimed?.taskInstanceId as string,
            leaseEpoch: claimed?.leaseEpoch as number,
            event: 'succeed',
            reason: null,
            error: null,
            followed: null,
            mapLengths: { s: 2 },
            nextTryInMs: null,
            mapLabel: null,
            extraXcoms: [],
            callbacks: [],
          },
        ],
      });
      return send();
    });
    faults.on('load_unfinished_runs_lengths', async (send) => {
      const answer = await send();
      ending.resolve();
      return answer;
    });
    inbox.reloadRuns('torn');
    await settle();
    expect(await statesOf(run)).toEqual({ list: 'success', 'each[0]': 'queued', 'each[1]': 'queued' });
  });

  it('finds in its sweep what no doorbell told', async () => {
    const run = await startRun(aDagSpec('unheard', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    const claimed = await claim(run, 'a');
    await finishAttempts(database.db, {
      workerId: 'w',
      finishes: [
        {
          attemptId: claimed?.attemptId as string,
          taskInstanceId: claimed?.taskInstanceId as string,
          leaseEpoch: claimed?.leaseEpoch as number,
          event: 'succeed',
          reason: null,
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: null,
          mapLabel: null,
          extraXcoms: [],
          callbacks: [],
        },
      ],
    });
    await settle();
    expect(await statesOf(run)).toMatchObject({ b: 'none' });
    await sweep(deps, engine, inbox);
    await settle();
    expect(await statesOf(run)).toMatchObject({ b: 'queued' });
  });

  it('requeues for free an attempt that was lost before its body began, and fails one that had begun with no try left', async () => {
    const run = await startRun(aDagSpec('lost', [aTask('a')]));
    await claim(run, 'a');
    await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
    const rescue = async () => {
      const rescued = await rescueLostAttempts(database.db, {
        shards: engine.shards,
        graceMs: 0,
        owner: schedulerId,
        maxRetryDelayMs: 86_400_000,
      });
      inbox.ended(rescued.map((one) => one.id));
      await settle();
    };
    await rescue();
    expect((await instances(run))[0]).toMatchObject({ state: 'queued', try_number: 1 });
    const second = await claim(run, 'a');
    await sql('update task_attempt set body_started_at = now() where attempt_id = $1', [second?.attemptId]);
    await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
    await rescue();
    expect((await instances(run))[0]).toMatchObject({
      state: 'failed',
      reason: 'worker w was lost while the task ran, and no try is left',
    });
    expect(await runState(run)).toBe('failed');
  });
});
