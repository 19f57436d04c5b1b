/**
 * Deletes all that is known of a DAG: versions, runs, instances, backfills, favourites. Called by the API and the CLI.
 * Locks the DAG, and with it whoever makes runs of it. Its file is asked to be parsed: while it exists, the DAG comes back,
 * new and without history. Zero rows: no such DAG.
 */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '../../client.ts';
import { askToParse } from '../parse-requests.ts';
import type { FileOfBundle } from '../save-parsed-file.ts';

const LOCK_DAG = {
  name: 'lock_dag_to_delete',
  text: `select bundle_name as "bundleName", file_path as "filePath",
                (select count(*)::int from dag_run r where r.dag_id = d.dag_id and r.state = 'running') as running
           from dag d where dag_id = $1 for update`,
};
const DELETE_DAG = { name: 'delete_dag', text: 'delete from dag where dag_id = $1' };

/** Throws DAG_NOT_FOUND, or CONFLICT while runs of it are running. */
export async function deleteDag(tx: Queryable, dagId: string): Promise<void> {
  const { rows } = await tx.query<FileOfBundle & { running: number }>(LOCK_DAG, [dagId]);
  const [dag] = rows;
  if (dag === undefined) throw new AppError('DAG_NOT_FOUND', `Dag with id ${dagId} was not found`);
  if (dag.running > 0)
    throw new AppError(
      'CONFLICT',
      `${dag.running} ${dag.running === 1 ? 'run' : 'runs'} of ${dagId} are running. Mark them as failed first, or wait for their end.`,
    );
  await tx.query(DELETE_DAG, [dagId]);
  await askToParse(tx, [dag]);
}
