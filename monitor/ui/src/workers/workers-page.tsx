import { useSearchParams } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Card } from '#ui-kit/card.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SearchInput } from '#ui-kit/fields.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import type { WorkerStatus, WorkerView } from '../../../api/types.ts';
import { useWorkers } from '../api/queries.ts';
import { FilterButton } from '../shell/filter-button.tsx';
import { NoWorkers } from './no-workers.tsx';
import { STATUS_LOOKS, STATUS_ORDER } from './worker-status.tsx';
import { WorkersTable } from './workers-table.tsx';

/** Every worker seen lately: what it is, what it carries, how it feels. */
export function WorkersPage() {
  const workers = useWorkers();
  const [params, setParams] = useSearchParams();
  const status = params.get('status') ?? '';
  const search = params.get('search') ?? '';
  const set = (name: string, value: string) =>
    setParams(
      (old) => {
        const changed = new URLSearchParams(old);
        if (value === '') changed.delete(name);
        else changed.set(name, value);
        return changed;
      },
      { replace: true },
    );
  const all = workers.data ?? [];
  const shown = all.filter((worker) => (status === '' || worker.status === status) && matches(worker, search));
  return (
    <Page>
      <PageHeader title="Workers" subtitle={workers.data === undefined ? 'Loading' : summaryOf(all)} />
      {workers.error === null ? null : <ErrorPanel error={workers.error} onRetry={() => void workers.refetch()} />}
      <div className="flex flex-wrap items-center gap-1.5">
        <FilterButton label="All" count={all.length} isActive={status === ''} onClick={() => set('status', '')} />
        {STATUS_ORDER.map((name) => (
          <StatusFilter key={name} name={name} workers={all} isActive={status === name} onClick={() => set('status', name)} />
        ))}
        <SearchInput
          aria-label="Find a worker"
          placeholder="Find by name, host or queue"
          className="ml-auto w-[260px]"
          value={search}
          onChange={(event) => set('search', event.target.value)}
        />
      </div>
      <Card className="overflow-hidden">
        {workers.data === undefined ? (
          <SkeletonRows label="Loading workers" />
        ) : all.length === 0 ? (
          <NoWorkers />
        ) : shown.length === 0 ? (
          <p className="px-4 py-10 text-center text-ink-3">No worker matches these filters.</p>
        ) : (
          <WorkersTable workers={shown} readAtMs={workers.dataUpdatedAt} />
        )}
      </Card>
      <p className="text-xs text-ink-3">Stopped workers stay in the list for an hour, lost ones for a day.</p>
    </Page>
  );
}

function StatusFilter({
  name,
  workers,
  isActive,
  onClick,
}: {
  name: WorkerStatus;
  workers: readonly WorkerView[];
  isActive: boolean;
  onClick: () => void;
}) {
  const { word, icon: Icon, color } = STATUS_LOOKS[name];
  const count = workers.filter((worker) => worker.status === name).length;
  if (count === 0 && !isActive) return null;
  return (
    <FilterButton
      icon={<Icon size={13} strokeWidth={2.4} style={{ color }} />}
      label={word}
      count={count}
      isActive={isActive}
      onClick={onClick}
    />
  );
}

function matches(worker: WorkerView, search: string): boolean {
  const text = [worker.workerId, worker.hostname, ...worker.queues].join(' ').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function summaryOf(workers: readonly WorkerView[]): string {
  const alive = workers.filter((worker) => worker.status !== 'lost' && worker.status !== 'stopped');
  const slots = alive.reduce((sum, worker) => sum + worker.slots, 0);
  const used = alive.reduce((sum, worker) => sum + worker.tasks.length, 0);
  return `${alive.length} ${alive.length === 1 ? 'worker' : 'workers'} alive, ${used} of ${slots} slots used`;
}
