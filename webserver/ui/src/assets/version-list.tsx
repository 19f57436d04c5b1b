import { History } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import { formatBytes } from '#ui-kit/time-format.ts';
import { pages } from '../api/paths.ts';
import type { RestAssetVersion } from '../api/rest-types.ts';
import { Pager } from '../shell/pager.tsx';
import { useAssetVersions } from './asset-requests.ts';
import { ColumnChanges } from './column-changes.tsx';
import { VersionBars } from './version-bars.tsx';

const PAGE_SIZE = 30;
const SHOWN_PARTITIONS = 2;

/** What each writing of an asset left behind. */
export function VersionList({ assetId }: { assetId: number }) {
  const [offset, setOffset] = useState(0);
  const versions = useAssetVersions(assetId, offset, PAGE_SIZE);
  return (
    <Card bodyClassName="rounded-[inherit]">
      {versions.error === null ? null : <ErrorPanel error={versions.error} onRetry={() => void versions.refetch()} />}
      {versions.isPending ? <SkeletonRows rows={4} label="Loading versions" /> : null}
      {versions.data === undefined ? null : versions.data.asset_versions.length === 0 ? (
        <EmptyState icon={<History size={18} />} title="No versions yet">
          One is written when a task that makes this asset succeeds. The writers of the providers say what they wrote by themselves.
        </EmptyState>
      ) : (
        <>
          <VersionBars versions={versions.data.asset_versions} />
          <VersionTable versions={versions.data.asset_versions} />
        </>
      )}
      {versions.data === undefined ? null : (
        <Pager offset={offset} limit={PAGE_SIZE} total={versions.data.total_entries} onOffset={setOffset} />
      )}
    </Card>
  );
}

function VersionTable({ versions }: { versions: readonly RestAssetVersion[] }) {
  return (
    <Table label="Versions" dense>
      <thead>
        <tr>
          <th>When</th>
          <th className="max-md:hidden">Written by</th>
          <th className="text-right">Rows</th>
          <th className="text-right max-sm:hidden">Bytes</th>
          <th>Columns</th>
          <th className="max-lg:hidden">Code</th>
        </tr>
      </thead>
      <tbody>
        {versions.map((version) => (
          <tr key={version.id}>
            <td className="text-ink-2">
              <TimeAgo iso={version.timestamp} />
              <Partitions version={version} />
            </td>
            <td className="max-w-[220px] max-md:hidden">
              <Link
                to={pages.task(version.source_dag_id, version.source_run_id, version.source_task_id, version.source_map_index)}
                className="block truncate hover:underline"
                title={version.source_run_id}
              >
                {version.source_dag_id}
                <span className="text-ink-3"> · {version.source_task_id}</span>
              </Link>
            </td>
            <td className="text-right tabular-nums">{version.row_count === null ? '–' : version.row_count.toLocaleString('en-GB')}</td>
            <td className="text-right whitespace-nowrap tabular-nums max-sm:hidden">
              {version.bytes === null ? '–' : formatBytes(version.bytes)}
            </td>
            <td className="w-full max-w-0">
              <ColumnChanges version={version} />
            </td>
            <td className="text-ink-3 max-lg:hidden" title={version.code_hash ?? undefined}>
              {version.dag_version === null ? '–' : `v${version.dag_version}`}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Partitions({ version }: { version: RestAssetVersion }) {
  const names = [...(version.partition_key === null ? [] : [version.partition_key]), ...(version.partitions ?? [])];
  if (names.length === 0) return null;
  const more = names.length - SHOWN_PARTITIONS;
  return (
    <span className="mt-0.5 flex flex-wrap gap-1" title={names.join('\n')}>
      {names.slice(0, SHOWN_PARTITIONS).map((name) => (
        <Badge key={name} mono tone="accent">
          {name}
        </Badge>
      ))}
      {more > 0 ? <Badge>+{more}</Badge> : null}
    </span>
  );
}
