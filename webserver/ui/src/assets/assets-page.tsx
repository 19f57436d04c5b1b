import { Database, SearchX } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { ErrorPanel } from '../shell/error-panel.tsx';
import { Pager } from '../shell/pager.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { useAssets } from './asset-requests.ts';
import { AssetTable } from './asset-table.tsx';

const PAGE_SIZE = 50;
const WHICH = [
  { value: '', label: 'Active' },
  { value: 'true', label: 'All' },
] as const;

/** The catalogue: what tasks make and DAGs wait for. */
export function AssetsPage() {
  const [params, change] = useUrlState();
  const offset = readNumber(params, 'offset', 0);
  const search = params.get('search') ?? undefined;
  const all = params.get('all') ?? undefined;
  const assets = useAssets({ search, all, limit: PAGE_SIZE, offset });
  const total = assets.data?.total;
  return (
    <Page>
      <title>Assets · Windlass</title>
      <PageHeader title="Assets" subtitle={total === undefined ? undefined : countOf(total, search !== undefined)} />
      <search className="flex flex-wrap items-center gap-2">
        <DebouncedSearch
          value={search ?? ''}
          onSettled={(text) => change({ search: text, offset: null })}
          label="Search assets"
          className="w-full sm:w-72"
        />
        <Segmented
          label="Active or all"
          options={WHICH}
          value={(all ?? '') as '' | 'true'}
          onChange={(value) => change({ all: value, offset: null })}
        />
      </search>
      {assets.error === null ? null : <ErrorPanel error={assets.error} onRetry={() => void assets.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {assets.isPending ? <SkeletonRows rows={8} label="Loading assets" /> : null}
        {assets.data === undefined ? null : assets.data.assets.length > 0 ? (
          <AssetTable assets={assets.data.assets} />
        ) : search === undefined ? (
          <NoAssets />
        ) : (
          <EmptyState
            icon={<SearchX size={20} />}
            title="No asset matches"
            actions={<Button onClick={() => change({ search: null, offset: null })}>Clear search</Button>}
          >
            Search looks at names, URIs and groups.
          </EmptyState>
        )}
        {assets.data === undefined ? null : (
          <Pager
            offset={offset}
            limit={PAGE_SIZE}
            total={assets.data.total}
            onOffset={(next) => change({ offset: next === 0 ? null : next }, 'push')}
          />
        )}
      </div>
    </Page>
  );
}

function countOf(total: number, isFiltered: boolean): string {
  if (isFiltered) return `${total} match`;
  return total === 1 ? '1 asset' : `${total} assets`;
}

function NoAssets() {
  return (
    <EmptyState icon={<Database size={20} />} title="No assets yet">
      An asset is something that a task makes and other DAGs wait for. Give a task{' '}
      <code className="font-mono text-xs">outlets: [asset("s3://lake/orders")]</code> and schedule another DAG{' '}
      <code className="font-mono text-xs">onAssets(…)</code>.
    </EmptyState>
  );
}
