import { Database, SearchX, X } from 'lucide-react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Button } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { DebouncedSearch } from '../shell/debounced-search.tsx';
import { Pager } from '../shell/pager.tsx';
import { readNumber, useUrlState } from '../shell/url-state.ts';
import { useAssets } from './asset-requests.ts';
import { AssetTable } from './asset-table.tsx';

const PAGE_SIZE = 50;
const WHICH = [
  { value: '', label: 'Active' },
  { value: 'true', label: 'All' },
] as const;

/** Taken from links on tags, owners and columns. */
const NARROWED = ['tag', 'owner', 'column'] as const;

/** The catalogue: what tasks make and DAGs wait for. */
export function AssetsPage() {
  const [params, change] = useUrlState();
  const offset = readNumber(params, 'offset', 0);
  const search = params.get('search') ?? undefined;
  const all = params.get('all') ?? undefined;
  const narrowed = NARROWED.flatMap((name) => {
    const value = params.get(name);
    return value === null ? [] : [{ name, value }];
  });
  const assets = useAssets({
    search,
    all,
    ...Object.fromEntries(narrowed.map(({ name, value }) => [name, value])),
    limit: PAGE_SIZE,
    offset,
  });
  const isFiltered = search !== undefined || narrowed.length > 0;
  const clear = () => change({ search: null, tag: null, owner: null, column: null, offset: null });
  const total = assets.data?.total;
  return (
    <Page>
      <title>Assets · Windlass</title>
      <PageHeader title="Assets" subtitle={total === undefined ? undefined : countOf(total, isFiltered)} />
      <search className="flex flex-wrap items-center gap-2">
        <DebouncedSearch
          value={search ?? ''}
          onSettled={(text) => change({ search: text, offset: null })}
          label="Search assets"
          className="w-full sm:w-80"
        />
        <Segmented
          label="Active or all"
          options={WHICH}
          value={(all ?? '') as '' | 'true'}
          onChange={(value) => change({ all: value, offset: null })}
        />
        {narrowed.map(({ name, value }) => (
          <button
            key={name}
            type="button"
            onClick={() => change({ [name]: null, offset: null })}
            aria-label={`Clear ${name} ${value}`}
            className="flex h-8 max-w-full items-center gap-1.5 rounded-lg border border-accent-line bg-accent-soft px-2.5 text-xs text-accent-strong hover:opacity-80"
          >
            <span className="truncate">
              {name} <span className="font-medium">{value}</span>
            </span>
            <X size={12} className="shrink-0" />
          </button>
        ))}
      </search>
      {assets.error === null ? null : <ErrorPanel error={assets.error} onRetry={() => void assets.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {assets.isPending ? <SkeletonRows rows={8} label="Loading assets" /> : null}
        {assets.data === undefined ? null : assets.data.assets.length > 0 ? (
          <AssetTable assets={assets.data.assets} />
        ) : !isFiltered ? (
          <NoAssets />
        ) : (
          <EmptyState icon={<SearchX size={20} />} title="No asset matches" actions={<Button onClick={clear}>Clear search</Button>}>
            Search looks at names, URIs, groups, descriptions, owners, tags and columns.
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
