import { ChevronLeft, ChevronRight, ListChecks } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SearchInput } from '#ui-kit/fields.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { lookOf } from '#ui-kit/state-looks.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import type { TaskPage } from '../../../api/types.ts';
import { useTasks } from '../api/queries.ts';
import { FilterButton } from '../shell/filter-button.tsx';
import { TaskPanel } from './task-panel.tsx';
import { TasksTable } from './tasks-table.tsx';

const PAGE_SIZE = 50;
/** Columns that give way to the panel: it shows them. */
const BEHIND_THE_PANEL = ['run', 'queue', 'waited', 'bar', 'open'] as const;
const NOTHING = [] as const;
/** Always offered; the other outcomes only when there are some. */
const MAIN_STATES = ['queued', 'running', 'success', 'failed'];
/** A search starts when the typing rests. */
const TYPING_REST_MS = 250;

/** Every attempt, newest first, and what waits; filters, page and opened row are in the address. */
export function TasksPage() {
  const [params, setParams] = useSearchParams();
  const state = params.get('state') ?? '';
  const search = params.get('search') ?? '';
  const worker = params.get('worker') ?? '';
  const offset = Number(params.get('offset') ?? 0) || 0;
  const openId = params.get('open');
  const tasks = useTasks({ state, search, worker, limit: PAGE_SIZE, offset });
  const set = useCallback(
    (changes: Readonly<Record<string, string>>) =>
      setParams(
        (old) => {
          const changed = new URLSearchParams(old);
          if (!('open' in changes) && !('offset' in changes)) changed.delete('offset');
          for (const [name, value] of Object.entries(changes))
            if (value === '') changed.delete(name);
            else changed.set(name, value);
          return changed;
        },
        { replace: true },
      ),
    [setParams],
  );
  const opened = tasks.data?.tasks.find((task) => task.attemptId === openId);
  const close = useCallback(() => set({ open: '' }), [set]);
  return (
    <Page className={opened === undefined ? '' : 'xl:pr-[484px]'}>
      <PageHeader title="Tasks" subtitle="Every attempt on every worker, newest first. Those that ended are counted over the last hour." />
      <div className="flex flex-wrap items-center gap-1.5">
        <StateFilters counts={tasks.data?.counts ?? {}} state={state} onChoose={(next) => set({ state: next, open: '' })} />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <SearchBox search={search} onSearch={(next) => set({ search: next })} />
        {worker === '' ? null : (
          <button type="button" onClick={() => set({ worker: '' })} title="Show all workers">
            <Badge tone="accent" mono>
              worker {worker} ×
            </Badge>
          </button>
        )}
      </div>
      {tasks.error === null ? null : <ErrorPanel error={tasks.error} />}
      <Card className="overflow-hidden">
        {tasks.data === undefined ? (
          tasks.error === null ? (
            <SkeletonRows label="Loading tasks" />
          ) : null
        ) : tasks.data.tasks.length === 0 ? (
          <NoTasks page={tasks.data} state={state} isFiltered={search !== '' || worker !== ''} />
        ) : (
          <>
            <TasksTable
              tasks={tasks.data.tasks}
              openId={openId}
              hidden={opened === undefined ? NOTHING : BEHIND_THE_PANEL}
              onOpen={(task) => set({ open: task.attemptId === openId ? '' : task.attemptId })}
            />
            <Pager page={tasks.data} offset={offset} onGo={(next) => set({ offset: next === 0 ? '' : String(next) })} />
          </>
        )}
      </Card>
      {opened === undefined ? null : <TaskPanel task={opened} onClose={close} />}
    </Page>
  );
}

function StateFilters({
  counts,
  state,
  onChoose,
}: {
  counts: Readonly<Record<string, number>>;
  state: string;
  onChoose: (state: string) => void;
}) {
  const others = Object.keys(counts).filter((name) => !MAIN_STATES.includes(name) && (counts[name] ?? 0) > 0);
  const names = [...MAIN_STATES, ...others.sort()];
  if (state !== '' && !names.includes(state)) names.push(state);
  return (
    <>
      <FilterButton label="All" isActive={state === ''} onClick={() => onChoose('')} />
      {names.map((name) => (
        <FilterButton
          key={name}
          icon={<StateIcon state={name} size={13} />}
          label={lookOf(name).word}
          count={counts[name] ?? 0}
          isActive={state === name}
          onClick={() => onChoose(name)}
        />
      ))}
    </>
  );
}

function SearchBox({ search, onSearch }: { search: string; onSearch: (search: string) => void }) {
  const [text, setText] = useState(search);
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text === search) return;
    const timer = window.setTimeout(() => onSearch(text), TYPING_REST_MS);
    return () => window.clearTimeout(timer);
  }, [text, search, onSearch]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as HTMLElement).tagName)) return;
      event.preventDefault();
      document.querySelector<HTMLInputElement>('input[name="task-search"]')?.focus();
    };
    window.addEventListener('keydown', focus);
    return () => window.removeEventListener('keydown', focus);
  }, []);
  return (
    <>
      <SearchInput
        name="task-search"
        aria-label="Search tasks"
        placeholder="sales -worker:w1 error:timeout time:>5m"
        {...(text === '' ? { hint: '/' } : {})}
        className="w-[400px] max-w-full"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <span className="min-w-0 flex-1 truncate text-xs text-ink-3">
        Words look in every id; fields:{' '}
        <code className="font-mono">dag: run: task: worker: queue: error: try:&gt;1 wait:&gt;30s time:&lt;5m</code>; minus negates
      </span>
    </>
  );
}

function NoTasks({ page, state, isFiltered }: { page: TaskPage; state: string; isFiltered: boolean }) {
  if (isFiltered)
    return (
      <EmptyState icon={<ListChecks size={18} />} title="No task matches">
        The search looked through the newest {page.searchedAttempts.toLocaleString('en')} attempts. Take a word away, or look on the run's
        page on the web UI.
      </EmptyState>
    );
  if (state === 'queued')
    return (
      <EmptyState icon={<ListChecks size={18} />} title="Nothing waits">
        Every queued task has been taken by a worker.
      </EmptyState>
    );
  if (state === 'running') return <EmptyState icon={<ListChecks size={18} />} title="Nothing runs right now" />;
  if (state !== '') return <EmptyState icon={<ListChecks size={18} />} title={`No task ended as ${lookOf(state).word}`} />;
  return (
    <EmptyState icon={<ListChecks size={18} />} title="No task has run yet" command="windlass dags trigger ny_taxi">
      Trigger a DAG on the web UI or from the command line; its tasks appear here the moment a worker takes them.
    </EmptyState>
  );
}

function Pager({ page, offset, onGo }: { page: TaskPage; offset: number; onGo: (offset: number) => void }) {
  if (offset === 0 && !page.hasMore) return null;
  return (
    <div className="flex items-center justify-end gap-2 border-t border-line px-4 py-2 text-xs text-ink-3">
      <span className="tabular-nums">
        {offset + 1}–{offset + page.tasks.length}
      </span>
      <Button
        size="sm"
        aria-label="Newer"
        icon={<ChevronLeft size={14} />}
        disabled={offset === 0}
        onClick={() => onGo(Math.max(0, offset - PAGE_SIZE))}
      />
      <Button
        size="sm"
        aria-label="Older"
        icon={<ChevronRight size={14} />}
        disabled={!page.hasMore}
        onClick={() => onGo(offset + PAGE_SIZE)}
      />
    </div>
  );
}
