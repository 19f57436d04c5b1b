import { Link } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiAssetCard } from '../../../ui-api/asset-types.ts';
import { pages } from '../api/paths.ts';
import { AssetBadges } from './asset-badges.tsx';

const SHOWN_NAMES = 2;

/** The catalogue as a table. On narrow screens the columns people can do without go first. */
export function AssetTable({ assets }: { assets: readonly UiAssetCard[] }) {
  return (
    <Table label="Assets">
      <thead>
        <tr>
          <th>Asset</th>
          <th className="max-sm:hidden">Last event</th>
          <th className="text-right max-md:hidden">Rows</th>
          <th className="max-md:hidden">Made by</th>
          <th className="max-md:hidden">Runs</th>
          <th className="max-lg:hidden">Owner</th>
          <th className="max-lg:hidden">Group</th>
        </tr>
      </thead>
      <tbody>
        {assets.map((asset) => (
          <AssetRow key={asset.assetId} asset={asset} />
        ))}
      </tbody>
    </Table>
  );
}

function AssetRow({ asset }: { asset: UiAssetCard }) {
  const makers = [...new Set(asset.producers.map((task) => task.dagId))];
  return (
    <tr>
      <td className="lg:w-full lg:max-w-0 max-lg:max-w-[340px]">
        <div className="flex min-w-0 flex-col">
          <span className="flex min-w-0 items-center gap-2">
            <Link to={pages.asset(asset.assetId)} className="truncate font-medium hover:underline" title={asset.name}>
              {asset.name}
            </Link>
            <AssetBadges asset={asset} />
            {asset.tags.slice(0, SHOWN_NAMES).map((tag) => (
              <Link
                key={tag}
                to={`?tag=${encodeURIComponent(tag)}`}
                className="hover:opacity-80 max-sm:hidden"
                title={`Assets with the tag ${tag}`}
              >
                <Badge tone="accent">{tag}</Badge>
              </Link>
            ))}
          </span>
          {asset.uri === asset.name ? null : (
            <span className="truncate font-mono text-xs text-ink-3" title={asset.uri}>
              {asset.uri}
            </span>
          )}
        </div>
      </td>
      <td className="text-ink-2 max-sm:hidden">
        {asset.lastEventAt === null ? <span className="text-ink-3">Never</span> : <TimeAgo iso={asset.lastEventAt} />}
      </td>
      <td className="text-right text-ink-2 tabular-nums max-md:hidden">
        {asset.rowCount === null ? '–' : asset.rowCount.toLocaleString('en-GB')}
      </td>
      <td className="max-w-[220px] max-md:hidden">
        <DagNames dagIds={makers} none={asset.watch === null ? 'From outside' : `Watched (${asset.watch})`} />
      </td>
      <td className="max-w-[220px] max-md:hidden">
        <DagNames dagIds={asset.scheduledDags} none="–" />
      </td>
      <td className="max-w-[140px] truncate text-ink-2 max-lg:hidden">
        {asset.owner === null ? (
          '–'
        ) : (
          <Link to={`?owner=${encodeURIComponent(asset.owner)}`} className="hover:underline">
            {asset.owner}
          </Link>
        )}
      </td>
      <td className="max-lg:hidden">
        <Badge>{asset.group}</Badge>
      </td>
    </tr>
  );
}

function DagNames({ dagIds, none }: { dagIds: readonly string[]; none: string }) {
  if (dagIds.length === 0) return <span className="whitespace-nowrap text-ink-3">{none}</span>;
  const more = dagIds.length - SHOWN_NAMES;
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <span className="flex min-w-0 flex-col">
        {dagIds.slice(0, SHOWN_NAMES).map((dagId) => (
          <Link key={dagId} to={pages.dag(dagId)} className="truncate text-ink-2 hover:text-ink hover:underline" title={dagId}>
            {dagId}
          </Link>
        ))}
      </span>
      {more > 0 ? <Badge>+{more}</Badge> : null}
    </span>
  );
}
