/** Goal: what a person asks for happens also when the instance moves at that very moment, and the scheduler goes on from it. */
import { describe, expect, it } from 'vitest';
import { shardOf } from '#core/sharding.ts';
import { clearInstances, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { touchDagRuns } from '#platform/db/queries/api/touch-dag-runs.ts';
import { stopRun } from '#platform/db/queries/stop-run.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { rescueLostAttempts } from '../../scheduler/rescue-lost-attempts.ts';
import {
  claim,
  database,
  engine,
  faults,
  finish,
  inbox,
  instances,
  runState,
  schedulerId,
  settle,
  sql,
  startRun,
  statesOf,
} from './engine-harness.ts';

/** A worker's claim that is under way while `change` is asked for. */
async function duringClaim<T>(taskInstanceId: string, change: () => Promise<T>): Promise<T> {
  const worker = await database.db.pool.connect();
  await worker.query('begin');
  await worker.query(
    `update task_instance set state = 'running', lease_epoch = lease_epoch + 1, lease_owner = 'w', last_heartbeat_at = now(),
            lease_expires_at = now() + interval '1 min' where task_instance_id = $1`,
    [taskInstanceId],
  );
  await worker.query(
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname)
     values (new_id(), $1, 1, 0, 1, 'w', 'h')`,
    [taskInstanceId],
  );
  const changed = change();
  await until(
    async () => (await sql(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%task_instance%'`)).length > 0,
    { what: 'the change waits for the claim' },
  );
  await worker.query('commit');
  worker.release();
  return changed;
}

describe('an instance that is claimed at the same moment', () => {
  it('is marked', async () => {
    const run = await startRun(aDagSpec('marked', [aTask('a')]));
    const id = (await instances(run))[0]?.task_instance_id as string;
    const mark = { event: 'mark_failed', actor: 'user:x', reason: 'marked' } as const;
    expect(await duringClaim(id, () => database.db.transaction('mark', (tx) => markInstances(tx, [id], mark)))).toEqual(new Set([id]));
    expect(await statesOf(run)).toEqual({ a: 'failed' });
    expect(
      await sql('select from_state from task_instance_event where task_instance_id = $1 order by event_id desc limit 1', [id]),
    ).toEqual([{ from_state: 'running' }]);
  });

  it('is cleared', async () => {
    const run = await startRun(aDagSpec('cleared', [aTask('a')]));
    const id = (await instances(run))[0]?.task_instance_id as string;
    expect(await duringClaim(id, () => database.db.transaction('clear', (tx) => clearInstances(tx, [id], 'user:x')))).toEqual(
      new Set([id]),
    );
    expect(await statesOf(run)).toEqual({ a: 'restarting' });
    expect(await sql('select outcome from task_attempt where task_instance_id = $1', [id])).toEqual([{ outcome: 'killed' }]);
  });

  it('is skipped with its run', async () => {
    const run = await startRun(aDagSpec('abandoned', [aTask('a')]));
    const id = (await instances(run))[0]?.task_instance_id as string;
    const { owner, fence } = engine.holder;
    const stop = {
      owner,
      fence,
      dagRunId: run,
      shard: shardOf('abandoned'),
      reason: 'too long',
      running: 'skipped' as const,
      spared: [],
      callbacks: [],
    };
    expect(await duringClaim(id, () => stopRun(database.db, stop))).toBe('ended');
    expect(await statesOf(run)).toEqual({ a: 'skipped' });
    expect(await sql('select outcome from task_attempt where task_instance_id = $1', [id])).toEqual([{ outcome: 'killed' }]);
  });
});

describe('a run whose last task has ended', () => {
  it('does not end without a task that a person clears at the very moment', async () => {
    const run = await startRun(aDagSpec('last_moment', [aTask('a')]));
    const id = (await instances(run))[0]?.task_instance_id as string;
    // The scheduler has decided that the run is over, and is about to write it.
    faults.on('flush_scheduling', async (send) => {
      await database.db.transaction('clear', async (tx) => {
        await clearInstances(tx, [id], 'user:x');
        await touchDagRuns(tx, [run], true);
      });
      return send();
    });
    await finish(run, 'a');
    expect(await runState(run)).toBe('running');
    expect(await statesOf(run)).toEqual({ a: 'queued' });
  });
});

describe('what follows a task that has failed', () => {
  it('is not failed with it by a scheduler that had not heard that a person cleared it', async () => {
    const run = await startRun(aDagSpec('cleared_above', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    const rows = await instances(run);
    // The scheduler has decided that b cannot run, and is about to write it. b has not moved: there is nothing of it to be cleared.
    faults.on('flush_scheduling', async (send) => {
      await database.db.transaction('clear', async (tx) => {
        await clearInstances(
          tx,
          rows.map((row) => row.task_instance_id),
          'user:x',
        );
        await touchDagRuns(tx, [run], true);
      });
      return send();
    });
    await finish(run, 'a', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
    await finish(run, 'a');
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
  });
});

describe('a run that a person queued again', () => {
  it('does not leave behind what its dead worker ran, though it may not start yet', async () => {
    const run = await startRun(aDagSpec('requeued', [aTask('a')]));
    await claim(run, 'a');
    await sql(`update dag_run set state = 'queued', revision = revision + 1 where dag_run_id = $1`, [run]);
    await sql(`update dag set is_paused = true, revision = revision + 1 where dag_id = 'requeued'`);
    inbox.reloadDag('requeued');
    inbox.reloadRuns('requeued');
    await settle();
    await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
    const rescued = await rescueLostAttempts(database.db, {
      shards: engine.shards,
      graceMs: 0,
      owner: schedulerId,
      maxRetryDelayMs: 86_400_000,
    });
    expect(rescued).toHaveLength(1);
  });
});
