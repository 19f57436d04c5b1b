/** Goal: a try waits as long whichever way the last one failed. Method: the same try is lost with its worker, or fails while it waits. */
import { expect, it } from 'vitest';
import { retryDelayMs } from '#core/retries.ts';
import { retryHash } from '#platform/retry-hash.ts';
import { endWaits } from '#platform/waiting/end-waits.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { rescueLostAttempts } from '../../scheduler/rescue-lost-attempts.ts';
import { defer } from '../triggerer/harness.ts';
import { claim, database, engine, instances, sql, startRun } from './engine-harness.ts';

const RULE = { retries: 2, retryDelayMs: 60_000, retryExponentialBackoff: 2, maxRetryDelayMs: null };
const DAY_MS = 86_400_000;

async function waitOf(run: string): Promise<number> {
  const [row] = await sql<{ s: number }>(
    'select round(extract(epoch from next_try_at - ended_at))::int as s from task_instance where dag_run_id = $1',
    [run],
  );
  return Number(row?.s) * 1_000;
}

async function expectedOf(run: string, maxDelayMs: number): Promise<number> {
  const [row] = await sql<{ runId: string; logicalDate: Date | null }>(
    'select run_id as "runId", logical_date as "logicalDate" from dag_run where dag_run_id = $1',
    [run],
  );
  const key = { dagId: 'again', taskId: 'a', mapIndex: -1, tryNumber: 1, logicalDate: row?.logicalDate ?? null, runId: String(row?.runId) };
  return retryDelayMs(RULE, { tryNumber: 1, hash: retryHash(key), maxDelayMs });
}

async function lose(run: string, maxRetryDelayMs: number): Promise<void> {
  const claimed = await claim(run, 'a');
  await sql('update task_attempt set body_started_at = clock_timestamp() where attempt_id = $1', [claimed?.attemptId]);
  await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
  await rescueLostAttempts(database.db, { shards: engine.shards, graceMs: 0, owner: 's', maxRetryDelayMs });
}

async function failWaiting(run: string, maxRetryDelayMs: number): Promise<void> {
  await defer(run, 'a', { kind: 'answer', args: { subject: 'well?' } });
  const [row] = await instances(run);
  const end = { end: 'fail', error: { name: 'Late', message: 'too late' }, retryable: true } as const;
  const wait = { taskInstanceId: String(row?.task_instance_id), leaseEpoch: Number(row?.lease_epoch), end, softFail: false };
  await endWaits(database.db, 'triggerer:t', [{ ...wait, bodyState: null, words: '' }], maxRetryDelayMs);
}

it.for([
  ['lost with its worker', lose],
  ['failed while it waited', failWaiting],
] as const)('a try that was %s is followed after the delay of its backoff, with the jitter of its key', async ([, fail]) => {
  const run = await startRun(aDagSpec('again', [aTask('a', RULE)]));
  await fail(run, DAY_MS);
  expect((await instances(run))[0]?.state).toBe('up_for_retry');
  expect(await waitOf(run)).toBe(await expectedOf(run, DAY_MS));
});

it.for([
  ['lost with its worker', lose],
  ['failed while it waited', failWaiting],
] as const)('WINDLASS_MAX_RETRY_DELAY_MS caps the wait of a try that was %s', async ([, fail]) => {
  const run = await startRun(aDagSpec('again', [aTask('a', RULE)]));
  await fail(run, 30_000);
  expect(await waitOf(run)).toBe(30_000);
});
