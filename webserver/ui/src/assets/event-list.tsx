import { Zap } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import { pages } from '../api/paths.ts';
import type { RestAssetEvent } from '../api/rest-types.ts';
import { Pager } from '../shell/pager.tsx';
import { useAssetEvents } from './asset-requests.ts';

const PAGE_SIZE = 20;

/** What happened to an asset, and the runs that came of it. */
export function EventList({ assetId }: { assetId: number }) {
  const [offset, setOffset] = useState(0);
  const events = useAssetEvents(assetId, offset, PAGE_SIZE);
  return (
    <Card bodyClassName="rounded-[inherit]">
      {events.error === null ? null : <ErrorPanel error={events.error} onRetry={() => void events.refetch()} />}
      {events.isPending ? <SkeletonRows rows={4} label="Loading events" /> : null}
      {events.data === undefined ? null : events.data.asset_events.length === 0 ? (
        <EmptyState icon={<Zap size={18} />} title="No events yet">
          One is written when a task that makes this asset succeeds, or when somebody says so over REST.
        </EmptyState>
      ) : (
        <EventTable events={events.data.asset_events} showsAsset={false} />
      )}
      {events.data === undefined ? null : (
        <Pager offset={offset} limit={PAGE_SIZE} total={events.data.total_entries} onOffset={setOffset} />
      )}
    </Card>
  );
}

export function EventTable({ events, showsAsset }: { events: readonly RestAssetEvent[]; showsAsset: boolean }) {
  return (
    <Table label="Events" dense>
      <thead>
        <tr>
          <th>When</th>
          {showsAsset ? <th>Asset</th> : null}
          <th>Source</th>
          <th className="max-md:hidden">Extra</th>
          {showsAsset ? null : <th>Runs</th>}
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id}>
            <td className="text-ink-2">
              <TimeAgo iso={event.timestamp} />
            </td>
            {showsAsset ? (
              <td className="max-w-[220px] truncate">
                <Link to={pages.asset(event.asset_id)} className="font-medium hover:underline" title={event.uri ?? undefined}>
                  {event.name}
                </Link>
              </td>
            ) : null}
            <td className="max-w-[240px]">
              <Source event={event} />
            </td>
            <td className="w-full max-w-0 max-md:hidden">
              <Extra event={event} />
            </td>
            {showsAsset ? null : (
              <td className="max-w-[200px]">
                <Runs event={event} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Source({ event }: { event: RestAssetEvent }) {
  const { source_dag_id: dagId, source_run_id: runId, source_task_id: taskId, source_map_index: mapIndex } = event;
  if (dagId === null || runId === null || taskId === null) return <span className="text-ink-3">From outside</span>;
  return (
    <Link to={pages.task(dagId, runId, taskId, mapIndex)} className="block truncate hover:underline" title={runId}>
      {dagId}
      <span className="text-ink-3"> · {taskId}</span>
    </Link>
  );
}

function Extra({ event }: { event: RestAssetEvent }) {
  const text = Object.keys(event.extra ?? {}).length === 0 ? '' : JSON.stringify(event.extra);
  return (
    <span className="flex min-w-0 items-center gap-2">
      {event.partition_key === null ? null : (
        <Badge mono tone="accent">
          {event.partition_key}
        </Badge>
      )}
      <span className="truncate font-mono text-xs text-ink-3" title={text}>
        {text}
      </span>
    </span>
  );
}

function Runs({ event }: { event: RestAssetEvent }) {
  if (event.created_dagruns.length === 0) return <span className="text-ink-3">–</span>;
  return (
    <span className="flex min-w-0 flex-col gap-0.5">
      {event.created_dagruns.map((run) => (
        <Link
          key={`${run.dag_id}/${run.run_id}`}
          to={pages.run(run.dag_id, run.run_id)}
          className="flex min-w-0 items-center gap-1.5 hover:underline"
          title={run.run_id}
        >
          <StateIcon state={run.state} />
          <span className="truncate">{run.dag_id}</span>
        </Link>
      ))}
    </span>
  );
}
