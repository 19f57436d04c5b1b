/** Writes the note of task instances, with who and when. Called by the API and the CLI. */
import type { Queryable } from '../../client.ts';

const SET_TASK_INSTANCE_NOTE = {
  name: 'set_task_instance_note',
  text: `update task_instance
            set note = $2::text, note_user = case when $2::text is not null then $3::text end, note_at = case when $2::text is not null then clock_timestamp() end
          where task_instance_id = any($1::uuid[])`,
};

export async function setTaskInstanceNote(db: Queryable, ids: readonly string[], note: string | null, username: string): Promise<void> {
  await db.query(SET_TASK_INSTANCE_NOTE, [ids, note, username]);
}
