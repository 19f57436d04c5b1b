import { Hammer, Zap } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { Page } from '#ui-kit/app-shell.tsx';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { Card, Stat } from '#ui-kit/card.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { ApiError } from '#ui-kit/json-request.ts';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Tabs } from '#ui-kit/tabs.tsx';
import { Instant, TimeAgo } from '#ui-kit/time.tsx';
import { formatBytes, formatDuration } from '#ui-kit/time-format.ts';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiAsset } from '../../../ui-api/asset-types.ts';
import { pages } from '../api/paths.ts';
import { useMayEdit } from '../api/session.ts';
import { Facts } from '../shell/facts.tsx';
import { NotFoundPage } from '../shell/not-found.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { AssetBadges } from './asset-badges.tsx';
import { useAsset, useMaterialize } from './asset-requests.ts';
import { ColumnList } from './column-list.tsx';
import { EventDialog } from './event-dialog.tsx';
import { EventList } from './event-list.tsx';
import { Lineage } from './lineage.tsx';
import { LineageGraph } from './lineage-graph.tsx';
import { SampleTable } from './sample-table.tsx';
import { VersionList } from './version-list.tsx';

/** One asset: where it comes from, whom it runs, and what happened to it. */
export function AssetPage() {
  const { assetId = '' } = useParams();
  const asset = useAsset(assetId);
  if (asset.error instanceof ApiError && asset.error.status === 404) return <NotFoundPage what={`The asset ${assetId}`} />;
  if (asset.error !== null && asset.data === undefined)
    return (
      <Page>
        <ErrorPanel error={asset.error} onRetry={() => void asset.refetch()} />
      </Page>
    );
  return (
    <Page>
      <title>{`${asset.data?.name ?? 'Asset'} · Windlass`}</title>
      {asset.data === undefined ? (
        <Skeleton className="h-24 w-full rounded-xl" />
      ) : (
        <>
          <AssetHeader asset={asset.data} />
          <Lineage asset={asset.data} />
          <Sizes asset={asset.data} />
          <Lower asset={asset.data} />
        </>
      )}
    </Page>
  );
}

/** How fresh it is, and how much there is. */
function Sizes({ asset }: { asset: UiAsset }) {
  const { rowCount, bytes, columnCount, lastEventAt, freshnessMs, isOverdue } = asset;
  return (
    <section
      aria-label="Size and freshness"
      className="grid grid-cols-2 divide-line rounded-xl border border-line bg-surface shadow-1 sm:grid-cols-4 sm:divide-x"
    >
      <Stat
        label="Last written"
        tone={isOverdue ? 'warning' : 'ink'}
        value={lastEventAt === null ? 'Never' : <TimeAgo iso={lastEventAt} />}
        note={freshnessMs === null ? 'no freshness asked for' : `expected every ${formatDuration(freshnessMs)}`}
      />
      <Stat label="Rows" value={rowCount === null ? '–' : rowCount.toLocaleString('en-GB')} note="of the newest version" />
      <Stat label="Bytes" value={bytes === null ? '–' : formatBytes(bytes)} note="of the newest version" />
      <Stat label="Columns" value={columnCount ?? '–'} note={POLICY_WORDS[asset.schemaChange]} />
    </section>
  );
}

const POLICY_WORDS: Readonly<Record<UiAsset['schemaChange'], string>> = {
  allow: 'may change',
  warn: 'a break is warned of',
  fail: 'a break is not published',
};

/** A drawing of lineage takes the whole width. */
function Lower({ asset }: { asset: UiAsset }) {
  const [params] = useUrlState();
  const isWide = params.get('show') === 'lineage';
  return (
    <div className={cx('grid items-start gap-4', isWide ? '' : 'xl:grid-cols-[minmax(0,1fr)_340px]')}>
      <Parts asset={asset} />
      <About asset={asset} />
    </div>
  );
}

type Part = 'versions' | 'lineage' | 'columns' | 'preview' | 'events';

function Parts({ asset }: { asset: UiAsset }) {
  const [params] = useUrlState();
  const asked = params.get('show');
  const part: Part = asked === 'lineage' || asked === 'columns' || asked === 'preview' || asked === 'events' ? asked : 'versions';
  const tab = (id: Part, label: string, count?: number) => ({ id, label, to: id === 'versions' ? '?' : `?show=${id}`, count });
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Tabs
        label="Parts of the asset"
        active={part}
        items={[
          tab('versions', 'Versions'),
          tab('lineage', 'Lineage'),
          tab('columns', 'Columns', asset.columns?.length),
          tab('preview', 'Preview'),
          tab('events', 'Events'),
        ]}
      />
      {part === 'versions' ? <VersionList assetId={asset.assetId} /> : null}
      {part === 'lineage' ? <LineageGraph assetId={asset.assetId} /> : null}
      {part === 'columns' ? <ColumnList asset={asset} /> : null}
      {part === 'preview' ? <SampleTable asset={asset} /> : null}
      {part === 'events' ? <EventList assetId={asset.assetId} /> : null}
    </div>
  );
}

function AssetHeader({ asset }: { asset: UiAsset }) {
  const mayEdit = useMayEdit();
  const navigate = useNavigate();
  const toast = useToast();
  const materialize = useMaterialize(asset.assetId);
  const [isSaying, setSaying] = useState(false);
  const makers = [...new Set(asset.producers.map((task) => task.dagId))];
  const make = () =>
    materialize.mutate(undefined, {
      onSuccess: (run) => void navigate(pages.run(run.dag_id, run.dag_run_id)),
      onError: (error) => toast({ tone: 'danger', title: `Could not make ${asset.name}`, detail: error.message }),
    });
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="truncate text-xl font-semibold tracking-[-0.02em]">{asset.name}</h1>
          <Badge>{asset.group}</Badge>
          <AssetBadges asset={asset} />
          {asset.tags.map((tag) => (
            <Link key={tag} to={pages.assets(`?tag=${encodeURIComponent(tag)}`)} className="hover:opacity-80">
              <Badge tone="accent">{tag}</Badge>
            </Link>
          ))}
        </div>
        {asset.description === null ? null : <p className="mt-1 max-w-prose text-sm text-ink-2">{asset.description}</p>}
        <div className="mt-1 flex min-w-0 items-center gap-1 text-ink-3">
          <span className="truncate font-mono text-xs">{asset.uri}</span>
          <CopyButton text={asset.uri} label="Copy URI" />
        </div>
      </div>
      <div className="flex gap-2">
        <Button icon={<Zap size={14} />} disabled={!mayEdit || !asset.isActive} onClick={() => setSaying(true)}>
          Create event
        </Button>
        <Button
          variant="primary"
          icon={<Hammer size={14} />}
          disabled={!mayEdit || makers.length !== 1}
          title={materializeTitle(makers)}
          isBusy={materialize.isPending}
          onClick={make}
        >
          Materialize
        </Button>
      </div>
      {isSaying ? <EventDialog asset={asset} onClose={() => setSaying(false)} /> : null}
    </div>
  );
}

function materializeTitle(makers: readonly string[]): string {
  if (makers.length === 0) return 'No DAG makes this asset';
  return makers.length === 1 ? `Run ${makers[0]}` : `Several DAGs make it: ${makers.join(', ')}. Trigger one of them.`;
}

function keptWords({ keepVersions, keepMs }: UiAsset): string {
  const words = [
    ...(keepVersions === null ? [] : [`the last ${keepVersions}`]),
    ...(keepMs === null ? [] : [`of ${formatDuration(keepMs)}`]),
  ];
  return words.length === 0 ? 'as set for all' : words.join(', or those ');
}

function Watched({ asset: { watch, watchedAt, watchNote } }: { asset: UiAsset }) {
  if (watch === null) return '–';
  return (
    <>
      {watch}
      {watchedAt === null ? ', not yet looked at' : null}
      {watchedAt === null ? null : (
        <span className="text-ink-3">
          , <TimeAgo iso={watchedAt} />
        </span>
      )}
      {watchNote === null ? null : <p className="mt-1 text-xs text-warning">{watchNote}</p>}
    </>
  );
}

function About({ asset }: { asset: UiAsset }) {
  return (
    <Card title="About" bodyClassName="px-4 py-3.5">
      <Facts
        rows={[
          ['Number', asset.assetId],
          [
            'Owner',
            asset.owner === null ? (
              '–'
            ) : (
              <Link key="owner" to={pages.assets(`?owner=${encodeURIComponent(asset.owner)}`)} className="hover:underline">
                {asset.owner}
              </Link>
            ),
          ],
          ['First seen', <Instant key="seen" iso={asset.createdAt} />],
          ['Fresh for', asset.freshnessMs === null ? '–' : formatDuration(asset.freshnessMs)],
          ['Watched', <Watched key="watched" asset={asset} />],
          ['Versions kept', keptWords(asset)],
          ['Aliases', asset.aliases.length === 0 ? '–' : asset.aliases.join(', ')],
        ]}
      />
      {Object.keys(asset.extra).length === 0 ? null : (
        <div className="mt-3">
          <CodeBlock text={JSON.stringify(asset.extra, null, 2)} label="Copy extra" />
        </div>
      )}
    </Card>
  );
}
