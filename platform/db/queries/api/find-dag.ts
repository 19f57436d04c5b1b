/** Reads one DAG with its current version. Called by the API and the pages. Zero rows: no such DAG. */
import type { Queryable } from '../../client.ts';
import { DAG_COLUMNS, DAG_FROM, type DagRow } from './dag-row.ts';

const FIND_DAG = { name: 'find_dag', text: `select ${DAG_COLUMNS} from ${DAG_FROM} where d.dag_id = $1` };

export async function findDag(db: Queryable, dagId: string): Promise<DagRow | null> {
  return (await db.query<DagRow>(FIND_DAG, [dagId])).rows[0] ?? null;
}
