import { ArrowRightLeft, SearchX } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Button } from '#ui-kit/button.tsx';
import { counted } from '#ui-kit/counted.ts';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { Pager } from '../shell/pager.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { useSyncs } from './sync-requests.ts';
import { SyncTable } from './sync-table.tsx';

const PAGE_SIZE = 50;
const WHICH = [
  { value: '', label: 'All' },
  { value: 'running', label: 'Running' },
  { value: 'failed', label: 'Failed' },
  { value: 'reset', label: 'Reset waits' },
] as const;
type Which = (typeof WHICH)[number]['value'];

/** Every stream that tasks sync: where it comes from, how far it came, and letting it begin from the start. */
export function SyncsPage() {
  const [params, change] = useUrlState();
  const offset = readNumber(params, 'offset', 0);
  const search = params.get('search') ?? undefined;
  const which = WHICH.find(({ value }) => value === params.get('show'))?.value ?? '';
  const syncs = useSyncs({
    search,
    state: which === 'running' || which === 'failed' ? which : undefined,
    is_reset_pending: which === 'reset' ? 'true' : undefined,
    limit: PAGE_SIZE,
    offset,
  });
  const { data } = syncs;
  const isFiltered = search !== undefined || which !== '';
  const clear = () => change({ search: null, show: null, offset: null });
  return (
    <Page>
      <title>Syncs · Windlass</title>
      <PageHeader
        title="Syncs"
        subtitle={data === undefined ? undefined : isFiltered ? `${data.total_entries} match` : counted(data.total_entries, 'stream')}
      />
      <search className="flex flex-wrap items-center gap-2">
        <DebouncedSearch
          value={search ?? ''}
          onSettled={(text) => change({ search: text, offset: null })}
          label="Search streams"
          className="w-full sm:w-80"
        />
        <Segmented
          label="Which streams"
          options={WHICH}
          value={which}
          onChange={(value: Which) => change({ show: value === '' ? null : value, offset: null })}
        />
      </search>
      {syncs.error === null ? null : <ErrorPanel error={syncs.error} onRetry={() => void syncs.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {syncs.isPending ? <SkeletonRows rows={6} label="Loading syncs" /> : null}
        {data === undefined ? null : data.syncs.length > 0 ? (
          <SyncTable syncs={data.syncs} />
        ) : isFiltered ? (
          <EmptyState icon={<SearchX size={20} />} title="No stream matches" actions={<Button onClick={clear}>Clear filters</Button>}>
            Search looks at streams, DAGs, tasks, sources and destinations.
          </EmptyState>
        ) : (
          <NoSyncs />
        )}
        {data === undefined ? null : (
          <Pager
            offset={offset}
            limit={PAGE_SIZE}
            total={data.total_entries}
            onOffset={(next) => change({ offset: next === 0 ? null : next }, 'push')}
          />
        )}
      </div>
    </Page>
  );
}

function NoSyncs() {
  return (
    <EmptyState icon={<ArrowRightLeft size={20} />} title="Nothing is synced yet">
      A sync moves what is new in a source to a destination:{' '}
      <code className="font-mono text-xs">{"task('copy', sync('orders', { from, to }))"}</code>. It is listed here from its first run on.
    </EmptyState>
  );
}
