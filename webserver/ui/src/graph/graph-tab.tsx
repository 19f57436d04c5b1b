import { useMemo } from 'react';
import { useNavigate } from 'react-router';
import { Select } from '#ui-kit/fields.tsx';
import { lookOf } from '#ui-kit/state-looks.ts';
import { formatLocalShort } from '#ui-kit/time-format.ts';
import { pages } from '../api/paths.ts';
import { useGrid } from '../api/queries.ts';
import { useDagOfPage } from '../dag/dag-layout.tsx';
import { runTypeLook } from '../run/run-facts.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { GraphToolbar } from './graph-toolbar.tsx';
import { GraphView } from './graph-view.tsx';
import { statesFromGrid } from './node-state.ts';
import { useGraphUrl } from './use-graph-url.ts';

const RUNS = 25;

/** The DAG as a graph, in the colours of the newest run or of the one chosen. */
export function GraphTab() {
  const dag = useDagOfPage();
  const grid = useGrid(dag.dagId, RUNS);
  const [params, change] = useUrlState();
  const navigate = useNavigate();
  const { direction, closed, toggleGroup } = useGraphUrl(dag.tasks.length, dag.groups);
  const runs = grid.data?.runs ?? [];
  const newest = runs.at(-1)?.runId ?? null;
  const chosen = params.get('run');
  const runId = chosen === 'none' ? null : (chosen ?? newest);
  const states = useMemo(() => (grid.data === undefined || runId === null ? null : statesFromGrid(grid.data, runId)), [grid.data, runId]);
  return (
    <div className="flex h-full min-h-[360px] flex-col">
      <GraphToolbar groups={dag.groups} direction={direction}>
        <Select
          aria-label="Run"
          className="max-w-[320px]"
          value={runId ?? 'none'}
          onChange={(event) => change({ run: event.target.value === newest ? null : event.target.value })}
        >
          <option value="none">No run, structure only</option>
          {runs.toReversed().map((run) => (
            <option key={run.runId} value={run.runId}>
              {formatLocalShort(run.runAfter)} · {runTypeLook(run.runType).word.toLowerCase()} · {lookOf(run.state).word}
            </option>
          ))}
        </Select>
      </GraphToolbar>
      <div className="min-h-0 flex-1">
        <GraphView
          tasks={dag.tasks}
          groups={dag.groups}
          states={states}
          closed={closed}
          direction={direction}
          onToggleGroup={toggleGroup}
          onOpenTask={
            runId === null
              ? null
              : (taskId) =>
                  void navigate(
                    states?.get(taskId)?.counts == null
                      ? pages.task(dag.dagId, runId, taskId)
                      : `${pages.run(dag.dagId, runId)}?search=${encodeURIComponent(taskId)}`,
                  )
          }
        />
      </div>
    </div>
  );
}
