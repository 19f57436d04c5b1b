import { FileCode2, SearchX } from 'lucide-react';
import { useState } from 'react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { useDags } from '../api/queries.ts';
import { Pager } from '../shell/pager.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { TriggerDialog } from '../trigger/trigger-dialog.tsx';
import { DagFilterBar } from './dag-filter-bar.tsx';
import { DagTable } from './dag-table.tsx';
import { ImportErrorList } from './import-errors.tsx';

const PAGE_SIZE = 50;

export function DagsPage() {
  const [params, change] = useUrlState();
  const [triggered, setTriggered] = useState<string | null>(null);
  const offset = readNumber(params, 'offset', 0);
  const filters = {
    search: params.get('search') ?? undefined,
    state: params.get('state') ?? undefined,
    tag: params.get('tag') ?? undefined,
    paused: params.get('paused') ?? undefined,
  };
  const dags = useDags({ ...filters, limit: PAGE_SIZE, offset });
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return (
    <Page>
      <title>DAGs · Windlass</title>
      <PageHeader
        title="DAGs"
        subtitle={
          dags.data === undefined ? undefined : `${dags.data.total} ${isFiltered ? 'match' : dags.data.total === 1 ? 'DAG' : 'DAGs'}`
        }
      />
      <ImportErrorList />
      <DagFilterBar tags={dags.data?.tags ?? []} />
      {dags.error === null ? null : <ErrorPanel error={dags.error} onRetry={() => void dags.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {dags.isPending ? <SkeletonRows rows={8} label="Loading DAGs" /> : null}
        {dags.data === undefined ? null : dags.data.dags.length > 0 ? (
          <DagTable dags={dags.data.dags} onTrigger={setTriggered} />
        ) : isFiltered ? (
          <NothingFound onClear={() => change({ search: null, state: null, tag: null, paused: null, offset: null })} />
        ) : (
          <NoDags />
        )}
        {dags.data === undefined ? null : (
          <Pager
            offset={offset}
            limit={PAGE_SIZE}
            total={dags.data.total}
            onOffset={(next) => change({ offset: next === 0 ? null : next }, 'push')}
          />
        )}
      </div>
      {triggered === null ? null : <TriggerDialog dagId={triggered} onClose={() => setTriggered(null)} />}
    </Page>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState
      icon={<SearchX size={20} />}
      title="No DAG matches these filters"
      actions={<Button onClick={onClear}>Clear filters</Button>}
    >
      Search looks at ids, descriptions and owners.
    </EmptyState>
  );
}

function NoDags() {
  return (
    <EmptyState icon={<FileCode2 size={20} />} title="No DAGs yet" command="cp node_modules/windlass/dags/hello.ts dags/">
      Save a TypeScript file that exports a DAG into the <code className="font-mono text-xs">dags</code> folder. It shows up here within a
      second.
    </EmptyState>
  );
}
