/** Writes the note of a run. Called by the API. Zero rows: no such run. */
import type { Queryable } from '../../client.ts';

const SET_DAG_RUN_NOTE = { name: 'set_dag_run_note', text: 'update dag_run set note = $2 where dag_run_id = $1' };

export async function setDagRunNote(db: Queryable, dagRunId: string, note: string | null): Promise<void> {
  await db.query(SET_DAG_RUN_NOTE, [dagRunId, note]);
}
