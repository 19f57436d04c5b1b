/**
 * Goal: a success that its worker told with its lease is not read once more, and whatever does not fit what the scheduler knows is.
 * Method: the test plays the worker; a read of instances is counted where it would go to Postgres.
 */
import { expect, it } from 'vitest';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { faults, finishUnheard, inbox, settle, sql, startRun, statesOf } from './engine-harness.ts';

const spec = aDagSpec('told', [aTask('a'), aTask('b', { upstream: ['a'] })]);

/** Returns what its worker would ring. */
const succeed = (dagRunId: string) => finishUnheard(dagRunId, 'a');

function countReads(): { reads: number } {
  const count = { reads: 0 };
  faults.on('read_instances', (send) => {
    count.reads += 1;
    return send();
  });
  return count;
}

it('one that says its lease is believed', async () => {
  const run = await startRun(spec);
  const { taskInstanceId: id, leaseEpoch } = await succeed(run);
  const count = countReads();
  inbox.hearEnded({ shards: [0], ids: [id], successes: [`${id} ${leaseEpoch}`] });
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
  expect(count.reads).toBe(0);
});

it.each([
  ['of a lease that is not the next one', (id: string, epoch: number) => ({ ids: [id], successes: [`${id} ${epoch + 1}`] })],
  ['that cannot be read', (id: string) => ({ ids: [id], successes: [id, `${id} x`, 7] })],
  ['that does not say its lease', (id: string) => ({ ids: [id] })],
])('one %s is looked up', async (_, told) => {
  const run = await startRun(spec);
  const { taskInstanceId: id, leaseEpoch } = await succeed(run);
  const count = countReads();
  inbox.hearEnded({ shards: [0], ...told(id, leaseEpoch) } as never);
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
  expect(count.reads).toBe(1);
});

it('one that comes when the instance was cleared and queued again is looked up, and moves nothing', async () => {
  const run = await startRun(spec);
  const { taskInstanceId: id, leaseEpoch } = await succeed(run);
  inbox.hearEnded({ shards: [0], ids: [id], successes: [`${id} ${leaseEpoch}`] });
  await settle();
  await sql(`update task_instance set state = 'none', clear_number = 1 where dag_run_id = $1`, [run]);
  await sql('update dag_run set revision = revision + 1 where dag_run_id = $1', [run]);
  inbox.reloadRuns('told');
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
  const count = countReads();
  inbox.hearEnded({ shards: [0], ids: [id], successes: [`${id} ${leaseEpoch}`] });
  await settle();
  expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
  expect(count.reads).toBe(1);
});

it('one of which two leases are told, or something else besides, is looked up', async () => {
  const run = await startRun(spec);
  const { taskInstanceId: id, leaseEpoch } = await succeed(run);
  const count = countReads();
  inbox.hearEnded({ shards: [0], ids: [id], successes: [`${id} ${leaseEpoch}`] });
  inbox.hearEnded({ shards: [0], ids: [id] });
  await settle();
  expect(count.reads).toBe(1);
  expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
});
