import { ChevronsDownUp, ChevronsUpDown, Grid3x3 } from 'lucide-react';
import { useMemo } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { useGrid } from '../api/queries.ts';
import { useDagOfPage } from '../dag/dag-layout.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { GridPanel } from './grid-panel.tsx';
import { GridTable } from './grid-table.tsx';
import { StateLegend } from './state-legend.tsx';
import { treeRows } from './task-rows.ts';

const RUN_COUNTS = [10, 25, 50, 100] as const;
const DEFAULT_RUNS = 25;

/** Runs across, tasks down, one cell each. A click opens the side panel; the address keeps the choice. */
export function GridTab() {
  const dag = useDagOfPage();
  const [params, change] = useUrlState();
  const limit = readNumber(params, 'limit', DEFAULT_RUNS);
  const grid = useGrid(dag.dagId, limit);
  const search = params.get('search') ?? '';
  const closedText = params.get('closed') ?? '';
  const closed = useMemo(() => new Set(closedText.split(',').filter((id) => id !== '')), [closedText]);
  const rows = useMemo(() => treeRows(dag.tasks, dag.groups, closed, search), [dag.tasks, dag.groups, closed, search]);
  const runId = params.get('run');
  const taskId = params.get('task');
  const toggle = (groupId: string) => {
    const next = new Set(closed);
    if (!next.delete(groupId)) next.add(groupId);
    change({ closed: [...next].join(',') });
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 py-2.5 md:px-6">
        <DebouncedSearch value={search} onSettled={(text) => change({ search: text })} label="Search tasks" className="w-44 sm:w-56" />
        <Select
          aria-label="Number of runs"
          value={limit}
          onChange={(event) => change({ limit: event.target.value === String(DEFAULT_RUNS) ? null : event.target.value })}
        >
          {RUN_COUNTS.map((count) => (
            <option key={count} value={count}>
              Last {count} runs
            </option>
          ))}
        </Select>
        {dag.groups.length === 0 ? null : (
          <>
            <Button
              icon={<ChevronsDownUp size={14} />}
              aria-label="Close all groups"
              title="Close all groups"
              onClick={() => change({ closed: dag.groups.map((group) => group.groupId).join(',') })}
            />
            <Button
              icon={<ChevronsUpDown size={14} />}
              aria-label="Open all groups"
              title="Open all groups"
              onClick={() => change({ closed: null })}
            />
          </>
        )}
        <span className="flex-1" />
        {grid.data === undefined ? null : <StateLegend grid={grid.data} />}
      </div>
      {grid.error === null ? null : (
        <div className="p-4">
          <ErrorPanel error={grid.error} onRetry={() => void grid.refetch()} />
        </div>
      )}
      {grid.isPending ? <SkeletonRows rows={8} label="Loading the grid" /> : null}
      {grid.data === undefined ? null : grid.data.runs.length === 0 ? (
        <EmptyState icon={<Grid3x3 size={20} />} title="No runs yet" command={`npx windlass dags trigger ${dag.dagId}`}>
          Each run becomes a column here, each task a row.
        </EmptyState>
      ) : (
        <div className="flex min-h-0 flex-1">
          <GridTable
            dagId={dag.dagId}
            grid={grid.data}
            rows={rows}
            runId={runId}
            taskId={taskId}
            onSelect={(run, task) => change({ run, task }, 'push')}
            onToggle={toggle}
          />
          {runId === null ? null : (
            <GridPanel dag={dag} grid={grid.data} runId={runId} taskId={taskId} onClose={() => change({ run: null, task: null })} />
          )}
        </div>
      )}
    </div>
  );
}
