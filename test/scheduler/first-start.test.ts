/** Goal: the first attempt of a try is known by its two equal starts; what the try before left is dropped by it. */
import { expect, it } from 'vitest';
import { newId } from '#platform/clock.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { claimTaskInstances } from '#test/support/write-attempts.ts';
import { database, instances, sql, startRun } from './engine-harness.ts';

/** Two looks at the clock differ in about one row of a hundred. */
const CLAIMS = 600;

it('has one instant for both starts, for each of many claims', async () => {
  const tasks = Array.from({ length: CLAIMS }, (_, index) => aTask(`t${index}`));
  const run = await startRun(aDagSpec('many', tasks, { maxActiveTasks: CLAIMS }));
  // More than any setting lets through at once.
  await sql("update task_instance set state = 'queued' where state = 'scheduled'");
  const rows = await instances(run);
  const claims = rows.map((row) => ({
    taskInstanceId: row.task_instance_id,
    tryNumber: row.try_number,
    leaseEpoch: row.lease_epoch,
    attemptId: newId(),
  }));
  const claimed = await claimTaskInstances(database.db, { workerId: 'w', hostname: 'h', leaseTtlMs: 30_000, claims });
  expect(claimed).toHaveLength(CLAIMS);
  expect(await sql('select task_id from task_instance where first_started_at <> started_at')).toEqual([]);
});
