import { useMemo } from 'react';
import { useNavigate } from 'react-router';
import { pages } from '../api/paths.ts';
import { useRunOfPage } from '../run/run-layout.tsx';
import { GraphToolbar } from './graph-toolbar.tsx';
import { GraphView } from './graph-view.tsx';
import { statesFromInstances } from './node-state.ts';
import { useGraphUrl } from './use-graph-url.ts';

/** One run as a graph. */
export function RunGraphTab() {
  const run = useRunOfPage();
  const navigate = useNavigate();
  const { direction, closed, toggleGroup } = useGraphUrl(run.tasks.length, run.groups);
  const states = useMemo(() => statesFromInstances(run.instances), [run.instances]);
  return (
    <div className="flex h-full min-h-[360px] flex-col">
      <GraphToolbar groups={run.groups} direction={direction} />
      <div className="min-h-0 flex-1">
        <GraphView
          tasks={run.tasks}
          groups={run.groups}
          states={states}
          closed={closed}
          direction={direction}
          onToggleGroup={toggleGroup}
          onOpenTask={(taskId) =>
            void navigate(
              states.get(taskId)?.counts == null
                ? pages.task(run.dagId, run.runId, taskId)
                : `${pages.run(run.dagId, run.runId)}?search=${encodeURIComponent(taskId)}`,
            )
          }
        />
      </div>
    </div>
  );
}
