/** Reads the cells of the grid: one row per run, task and state. Called by the grid page. Found by run, never by state. */
import type { TaskInstanceState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';

const READ_GRID_CELLS = {
  name: 'read_grid_cells',
  text: `select dag_run_id, task_id, state, count(*)::int as count, bool_or(map_index >= 0) as is_mapped, max(try_number) as try_number,
                min(started_at) as started_at, max(ended_at) as ended_at,
                max(left(reason, 200)) filter (where state not in ('success', 'skipped', 'removed')) as reason
           from task_instance where dag_run_id = any($1::uuid[]) group by dag_run_id, task_id, state`,
};

export interface GridCellRow {
  readonly dag_run_id: string;
  readonly task_id: string;
  readonly state: TaskInstanceState;
  readonly count: number;
  readonly is_mapped: boolean;
  readonly try_number: number;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  /** Of one of the instances; null where the state says enough. */
  readonly reason: string | null;
}

export async function readGridCells(db: Queryable, dagRunIds: readonly string[]): Promise<readonly GridCellRow[]> {
  return (await db.query<GridCellRow>(READ_GRID_CELLS, [dagRunIds])).rows;
}
