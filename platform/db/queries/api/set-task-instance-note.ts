/** Writes the note of task instances. Called by the API. */
import type { Queryable } from '../../client.ts';

const SET_TASK_INSTANCE_NOTE = {
  name: 'set_task_instance_note',
  text: 'update task_instance set note = $2 where task_instance_id = any($1::uuid[])',
};

export async function setTaskInstanceNote(db: Queryable, ids: readonly string[], note: string | null): Promise<void> {
  await db.query(SET_TASK_INSTANCE_NOTE, [ids, note]);
}
