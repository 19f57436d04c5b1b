/**
 * saveRenderedFields, findRenderedFields
 *   who:   worker, before a body with template fields; the instance page
 *   locks: saving locks the instance in key share: nothing is written for a lease that is lost
 *   zero rows: the task has no template fields, or its lease is lost
 */
import type { Queryable } from '../client.ts';
import type { StateHolder } from './task-state.ts';

const SAVE = {
  name: 'save_rendered_fields',
  text: `
insert into rendered_field (task_instance_id, fields)
select task_instance_id, $3::jsonb from task_instance where task_instance_id = $1 and state = 'running' and lease_epoch = $2 for key share
on conflict (task_instance_id) do update set fields = excluded.fields, rendered_at = clock_timestamp()`,
};

export async function saveRenderedFields(
  db: Queryable,
  { taskInstanceId, leaseEpoch }: StateHolder,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  await db.query(SAVE, [taskInstanceId, leaseEpoch, JSON.stringify(fields)]);
}

const FIND = { name: 'find_rendered_fields', text: 'select fields from rendered_field where task_instance_id = $1' };

export async function findRenderedFields(db: Queryable, taskInstanceId: string): Promise<Readonly<Record<string, string>>> {
  return (await db.query<{ fields: Record<string, string> }>(FIND, [taskInstanceId])).rows[0]?.fields ?? {};
}
