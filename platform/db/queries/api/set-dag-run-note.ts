/** Writes the note of a run, with who and when. Called by the API and the CLI. Zero rows: no such run. */
import type { Queryable } from '../../client.ts';

const SET_DAG_RUN_NOTE = {
  name: 'set_dag_run_note',
  text: `update dag_run set note = $2::text, note_user = case when $2::text is not null then $3::text end, note_at = case when $2::text is not null then clock_timestamp() end
          where dag_run_id = $1`,
};

export async function setDagRunNote(db: Queryable, dagRunId: string, note: string | null, username: string): Promise<void> {
  await db.query(SET_DAG_RUN_NOTE, [dagRunId, note, username]);
}
