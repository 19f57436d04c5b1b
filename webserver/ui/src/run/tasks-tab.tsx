import { SearchX } from 'lucide-react';
import { useMemo, useRef } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { Select } from '#ui-kit/fields.tsx';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import type { UiInstance, UiRun } from '../../../ui-api/types.ts';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { useRowWindow } from '../shell/use-row-window.ts';
import { INSTANCE_ROW_PX, InstanceHeader, InstanceRow } from './instance-row.tsx';
import { useRunOfPage } from './run-layout.tsx';

/** The task instances of a run in the order of the DAG, each with a bar on the run's own time axis. */
export function TasksTab() {
  const run = useRunOfPage();
  const [params, change] = useUrlState();
  const box = useRef<HTMLDivElement>(null);
  const search = params.get('search') ?? '';
  const state = params.get('state') ?? '';
  const shown = useMemo(() => filtered(run, search, state), [run, search, state]);
  const view = useRowWindow(box, shown.length, INSTANCE_ROW_PX);
  const states = STATE_ORDER.filter((name) => run.instances.some((instance) => instance.state === name));
  const operators = useMemo(() => new Map(run.tasks.map((task) => [task.taskId, task.operator])), [run.tasks]);
  return (
    <div className="flex h-full flex-col gap-3 px-4 pt-3 pb-4 md:px-6">
      <div className="flex flex-wrap items-center gap-2">
        <DebouncedSearch value={search} onSettled={(text) => change({ search: text })} label="Search tasks" className="w-44 sm:w-64" />
        <Select aria-label="State" value={state} onChange={(event) => change({ state: event.target.value })}>
          <option value="">Any state</option>
          {states.map((name) => (
            <option key={name} value={name}>
              {lookOf(name).word}
            </option>
          ))}
        </Select>
      </div>
      <div className="flex min-h-0 flex-col overflow-hidden rounded-xl border border-line bg-surface shadow-1">
        <div ref={box} className="min-h-0 overflow-auto">
          <div role="table" aria-label="Task instances" aria-rowcount={shown.length} className="min-w-[560px]">
            <InstanceHeader />
            <div role="rowgroup" className="relative" style={{ height: shown.length * INSTANCE_ROW_PX }}>
              {shown.slice(view.from, view.to).map((instance, index) => (
                <InstanceRow
                  key={`${instance.taskId}[${instance.mapIndex}]`}
                  run={run}
                  instance={instance}
                  operator={operators.get(instance.taskId) ?? ''}
                  topPx={(view.from + index) * INSTANCE_ROW_PX}
                />
              ))}
            </div>
          </div>
          {shown.length === 0 ? (
            <EmptyState
              icon={<SearchX size={20} />}
              title={run.instances.length === 0 ? 'No task instances yet' : 'No task matches'}
              actions={
                search === '' && state === '' ? undefined : (
                  <Button onClick={() => change({ search: null, state: null })}>Clear filters</Button>
                )
              }
            >
              {run.instances.length === 0
                ? 'The scheduler makes them when it takes up this run.'
                : 'Search looks at task ids and map labels.'}
            </EmptyState>
          ) : null}
        </div>
      </div>
    </div>
  );
}

function filtered(run: UiRun, search: string, state: string): readonly UiInstance[] {
  const order = new Map(run.tasks.map((task, index) => [task.taskId, index]));
  const query = search.toLowerCase();
  return run.instances
    .filter((instance) => state === '' || instance.state === state)
    .filter((instance) => query === '' || `${instance.taskId} ${instance.mapLabel ?? ''}`.toLowerCase().includes(query))
    .toSorted((a, b) => (order.get(a.taskId) ?? 1e9) - (order.get(b.taskId) ?? 1e9) || a.mapIndex - b.mapIndex);
}
