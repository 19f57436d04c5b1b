/** GET /ui/api/dags/{dagId}/grid: the last runs by task, in two set-based statements with a bound on cells. */
import { z } from 'zod';
import { isFinished, type TaskInstanceState } from '#core/states.ts';
import { listRecentRuns } from '#platform/db/queries/ui/list-recent-runs.ts';
import { type GridCellRow, readGridCells } from '#platform/db/queries/ui/read-grid-cells.ts';
import { requireDag, requireDagVersion } from '../api/lookups.ts';
import { dagPath } from '../api/path-ids.ts';
import { iso } from '../http/iso.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import { uiRun } from './shapes.ts';
import type { StateCounts, UiCell, UiGrid } from './types.ts';

const DEFAULT_RUNS = 25;
const MAX_RUNS = 100;
const MIN_RUNS = 5;
/** A DAG of thousands of tasks shows fewer runs rather than taking seconds. */
const MAX_CELLS = 50_000;

/** The state that a mapped task shows is the first of these that any of its instances has. */
const LOUDEST_FIRST: readonly TaskInstanceState[] = [
  'failed',
  'upstream_failed',
  'up_for_retry',
  'up_for_reschedule',
  'running',
  'restarting',
  'queued',
  'scheduled',
  'deferred',
  'none',
  'success',
  'skipped',
  'removed',
];

export const gridRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/dags/:dag_id/grid',
    permission: 'viewer',
    summary: 'The last runs by task.',
    params: dagPath,
    query: z.object({ limit: integer.default(DEFAULT_RUNS) }),
    async handle({ db, params, query }): Promise<UiGrid> {
      const dag = await requireDag(db, params.dag_id);
      const affordable = Math.max(MIN_RUNS, Math.floor(MAX_CELLS / Math.max(1, dag.task_count)));
      const runs = await listRecentRuns(db, [dag.dag_id], Math.min(Math.max(1, query.limit), MAX_RUNS, affordable));
      const { spec } = await requireDagVersion(db, dag.dag_id, dag.version_number);
      const rows = await readGridCells(
        db,
        runs.map((run) => run.dag_run_id),
      );
      const columns = new Map(runs.map((run, index) => [run.dag_run_id, index]));
      return {
        runs: runs.map(uiRun),
        cells: cellsOf(
          rows,
          columns,
          spec.tasks.map((task) => task.taskId),
        ),
      };
    },
  }),
];

function cellsOf(rows: readonly GridCellRow[], columns: ReadonlyMap<string, number>, taskIds: readonly string[]): UiGrid['cells'] {
  const emptyRow = () => new Array<UiCell | null>(columns.size).fill(null);
  const cells = new Map<string, (UiCell | null)[]>(taskIds.map((taskId) => [taskId, emptyRow()]));
  for (const [taskId, ofTask] of Map.groupBy(rows, (row) => row.task_id)) {
    // A task of an older version only has a row of its own too.
    const line = cells.get(taskId) ?? emptyRow();
    cells.set(taskId, line);
    for (const [runId, ofRun] of Map.groupBy(ofTask, (row) => row.dag_run_id)) line[columns.get(runId) as number] = cellOf(ofRun);
  }
  return Object.fromEntries(cells);
}

/** `rows`: the states of one task in one run. */
function cellOf(rows: readonly GridCellRow[]): UiCell {
  const state = LOUDEST_FIRST.find((candidate) => rows.some((row) => row.state === candidate)) ?? 'none';
  const instants = (pick: (row: GridCellRow) => Date | null) => rows.map(pick).filter((date) => date !== null);
  const starts = instants((row) => row.started_at).sort((a, b) => a.getTime() - b.getTime());
  const ends = instants((row) => row.ended_at).sort((a, b) => b.getTime() - a.getTime());
  const counts: StateCounts = Object.fromEntries(rows.map((row) => [row.state, row.count]));
  return {
    state,
    counts: rows.some((row) => row.is_mapped) ? counts : null,
    tryNumber: Math.max(...rows.map((row) => row.try_number)),
    startedAt: iso(starts[0] ?? null),
    reason: rows.find((row) => row.state === state)?.reason ?? null,
    endedAt: rows.every((row) => isFinished(row.state)) ? iso(ends[0] ?? null) : null,
  };
}
