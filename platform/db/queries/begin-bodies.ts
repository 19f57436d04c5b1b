import type { Queryable } from '../client.ts';
import { type InputRequest, type ReadInputs, readInputs } from './read-inputs.ts';
import { type ItemRequest, type ReadItem, readItems } from './read-items.ts';

export interface BodyStart extends InputRequest, ItemRequest {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Of the task process that will run the body. */
  readonly pid: number;
}

export interface BegunBody {
  readonly attemptId: string;
  /** Upstream results by task id; a list for a mapped upstream. */
  readonly inputs: ReadInputs;
  /** Null when the instance is not mapped. */
  readonly mapped: ReadItem | null;
}

const STATEMENT = {
  name: 'begin_bodies',
  text: `
with asked as (
  select * from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::int[]) as a(attempt_id, task_instance_id, lease_epoch, pid)
)
update task_attempt t
   set body_started_at = clock_timestamp(), pid = a.pid
  from asked a join task_instance ti on ti.task_instance_id = a.task_instance_id
 where t.attempt_id = a.attempt_id and t.body_started_at is null and t.ended_at is null
   and ti.state = 'running' and ti.lease_epoch = a.lease_epoch and ti.lease_owner = $1
returning t.attempt_id as "attemptId"`,
};

/**
 * beginBodies    who: worker, just before the task process gets to run the body. Locks the attempts.
 * From here on the try counts (P4): an attempt lost earlier is requeued for free.
 * An attempt missing from the answer has lost its lease: do not run the body.
 * The inputs are read beside it, since upstream results no longer change.
 */
export async function beginBodies(
  db: Queryable,
  batch: { readonly workerId: string; readonly bodies: readonly BodyStart[] },
): Promise<readonly BegunBody[]> {
  const { workerId, bodies } = batch;
  const [begun, inputs, items] = await Promise.all([
    db.query<{ attemptId: string }>(STATEMENT, [
      workerId,
      bodies.map((body) => body.attemptId),
      bodies.map((body) => body.taskInstanceId),
      bodies.map((body) => body.leaseEpoch),
      bodies.map((body) => body.pid),
    ]),
    readInputs(db, bodies),
    readItems(db, bodies),
  ]);
  return begun.rows.map(({ attemptId }) => ({ attemptId, inputs: inputs.get(attemptId) ?? {}, mapped: items.get(attemptId) ?? null }));
}
