/**
 * Reads the tasks that are made from blocks, of the DAGs that are there now. Called by the page of blocks. Zero rows: no DAG uses one.
 * It looks into the specs of all DAGs: a page that somebody opens, never a loop.
 */
import type { BlockKind } from '#core/block.ts';
import type { Queryable } from '../../client.ts';

const LIST_BLOCK_USES = {
  name: 'list_block_uses',
  text: `select d.dag_id, task->>'taskId' as task_id, task->>'operator' as name, task->>'block' as kind,
                jsonb_array_length(task->'checks') as checks
           from dag d join dag_version v on v.version_id = d.version_id
           cross join lateral jsonb_path_query(v.spec, '$.tasks[*] ? (exists(@.block))') as task
          where not d.is_stale
          order by name, d.dag_id, task_id limit 10000`,
};

export interface BlockUseRow {
  readonly dag_id: string;
  readonly task_id: string;
  readonly name: string;
  readonly kind: BlockKind;
  readonly checks: number;
}

export async function listBlockUses(db: Queryable): Promise<readonly BlockUseRow[]> {
  return (await db.query<BlockUseRow>(LIST_BLOCK_USES, [])).rows;
}
