/**
 * findTaskState, saveTaskState
 *   who:   worker, when a body reads or changes what it keeps from try to try
 *   locks: saving locks the instance in key share, so that a lease that is lost meanwhile is noticed
 *   zero rows: none is kept; when saving: the lease is lost, or there are too many
 */
import type { Queryable } from '../client.ts';

export interface StateHolder {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
}

/** Of one task instance. */
export const STATES_MAX = 100;

const FIND = {
  name: 'find_task_state',
  text: 'select value from task_state where task_instance_id = $1 and key = $2',
};

/** Encoded; undefined = none. */
export async function findTaskState(db: Queryable, { taskInstanceId }: StateHolder, key: string): Promise<unknown> {
  return (await db.query<{ value: unknown }>(FIND, [taskInstanceId, key])).rows[0]?.value;
}

const SAVE = {
  name: 'save_task_state',
  text: `
with holder as (
  select task_instance_id from task_instance where task_instance_id = $1 and state = 'running' and lease_epoch = $2 for key share
), kept as (
  select count(*) as n from task_state where task_instance_id = $1 and key <> $3
), removed as (
  delete from task_state s using holder h where s.task_instance_id = h.task_instance_id and s.key = $3 and $4::text is null
), saved as (
  insert into task_state (task_instance_id, key, value, bytes)
  select h.task_instance_id, $3, $4::jsonb, $5 from holder h, kept where $4::text is not null and kept.n < $6
  on conflict (task_instance_id, key) do update set value = excluded.value, bytes = excluded.bytes, updated_at = clock_timestamp()
)
select kept.n >= $6 and $4::text is not null as "tooMany" from holder, kept`,
};

/** `valueJson` null = forget it. */
export async function saveTaskState(
  db: Queryable,
  { taskInstanceId, leaseEpoch }: StateHolder,
  state: { readonly key: string; readonly valueJson: string | null; readonly bytes: number },
): Promise<'saved' | 'lost' | 'too_many'> {
  const { rows } = await db.query<{ tooMany: boolean }>(SAVE, [
    taskInstanceId,
    leaseEpoch,
    state.key,
    state.valueJson,
    state.bytes,
    STATES_MAX,
  ]);
  if (rows[0] === undefined) return 'lost';
  return rows[0].tooMany ? 'too_many' : 'saved';
}
