/** Goal: the wait before the next try is counted from when the failed one was written, however long that write had to wait for the instance. */
import { expect, it } from 'vitest';
import { resolveWaiters } from '#platform/db/queries/waiting/resolve-waiters.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { finishAttempts } from '#test/support/write-attempts.ts';
import { defer } from '../triggerer/harness.ts';
import { claim, database, instances, sql, startRun } from './engine-harness.ts';

const DELAY_MS = 60_000;

/** `write` while somebody else holds the instance. Returns how long after that one let it go the next try may be. */
async function writtenLate(taskInstanceId: string, write: () => Promise<unknown>): Promise<number> {
  const holder = await database.db.pool.connect();
  await holder.query('begin');
  await holder.query('select 1 from task_instance where task_instance_id = $1 for update', [taskInstanceId]);
  const writing = write();
  await until(
    async () =>
      (
        await sql(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%next_try%'`,
        )
      ).length > 0,
    { what: 'the write waits for the instance' },
  );
  const letGoAt = (await holder.query<{ at: string }>('select clock_timestamp()::text as at')).rows[0]?.at;
  await holder.query('commit');
  holder.release();
  await writing;
  const [row] = await sql<{ waits_ms: number }>(
    'select (extract(epoch from next_try_at - $2::timestamptz) * 1000)::float8 as waits_ms from task_instance where task_instance_id = $1',
    [taskInstanceId, letGoAt],
  );
  return row?.waits_ms ?? Number.NaN;
}

it('a failed try', async () => {
  const run = await startRun(aDagSpec('late', [aTask('a', { retries: 1 })]));
  const claimed = await claim(run, 'a');
  if (!claimed) throw new Error('it cannot be claimed');
  const { attemptId, taskInstanceId, leaseEpoch } = claimed;
  const fail = () =>
    finishAttempts(database.db, {
      workerId: 'w',
      finishes: [
        {
          attemptId,
          taskInstanceId,
          leaseEpoch,
          event: 'retry',
          reason: 'no',
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: DELAY_MS,
          mapLabel: null,
          extraXcoms: [],
          callbacks: [],
        },
      ],
    });
  expect(await writtenLate(taskInstanceId, fail)).toBeGreaterThanOrEqual(DELAY_MS);
});

it('a wait that failed', async () => {
  const run = await startRun(aDagSpec('late_wait', [aTask('a', { retries: 1 })]));
  await defer(run, 'a', { args: { at: '2999-01-01T00:00:00Z' } });
  const [row] = await instances(run);
  if (!row) throw new Error('there is no instance');
  const { task_instance_id: taskInstanceId, lease_epoch: leaseEpoch } = row;
  const fail = () =>
    resolveWaiters(database.db, 'triggerer:test', [
      { taskInstanceId, leaseEpoch: Number(leaseEpoch), event: 'retry_deferred', reason: 'no', nextTryInMs: DELAY_MS },
    ]);
  expect(await writtenLate(taskInstanceId, fail)).toBeGreaterThanOrEqual(DELAY_MS);
});
