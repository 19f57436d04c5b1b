import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { Table } from '#ui-kit/table.tsx';
import { Duration } from '#ui-kit/time.tsx';
import { formatBytes } from '#ui-kit/time-format.ts';
import type { WorkerView } from '../../../api/types.ts';
import { pages } from '../api/paths.ts';
import { Mono } from '../shell/mono.tsx';
import { HeartbeatAge } from './heartbeat-age.tsx';
import { SlotsBar } from './slots-bar.tsx';
import { sortWorkers, WORKER_COLUMNS, type WorkerColumn } from './sort-workers.ts';
import { WorkerStatusPill } from './worker-status.tsx';

const none = <span className="text-ink-3">–</span>;

/** Every worker in one row. Headers sort, and the order is part of the address. */
export function WorkersTable({
  workers,
  readAtMs,
  isCompact = false,
}: {
  workers: readonly WorkerView[];
  /** When the ages were read, by this machine's clock. */
  readAtMs: number;
  isCompact?: boolean;
}) {
  const [params, setParams] = useSearchParams();
  const sort = params.get('sort');
  const columns = WORKER_COLUMNS.filter((column) => !isCompact || column.isExtra !== true);
  const sortBy = (column: WorkerColumn) => {
    const next = sort === column.id ? `-${column.id}` : sort === `-${column.id}` ? null : column.id;
    setParams(
      (old) => {
        const changed = new URLSearchParams(old);
        if (next === null) changed.delete('sort');
        else changed.set('sort', next);
        return changed;
      },
      { replace: true },
    );
  };
  return (
    <Table label="Workers" dense={isCompact}>
      <thead>
        <tr>
          {columns.map((column) => (
            <SortHeader key={column.id} column={column} sort={sort} onSort={() => sortBy(column)} />
          ))}
        </tr>
      </thead>
      <tbody>
        {sortWorkers(workers, sort).map((worker) => (
          <tr key={worker.workerId} className={worker.status === 'stopped' ? 'opacity-60' : undefined}>
            {columns.map((column) => (
              <td key={column.id} className={column.isNumber ? 'text-right' : undefined}>
                {cellOf(column.id, worker, readAtMs)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function SortHeader({ column, sort, onSort }: { column: WorkerColumn; sort: string | null; onSort: () => void }) {
  const direction = sort === column.id ? 'ascending' : sort === `-${column.id}` ? 'descending' : 'none';
  const Arrow = direction === 'descending' ? ArrowDown : ArrowUp;
  return (
    <th aria-sort={direction} className={column.isNumber ? '!text-right' : undefined}>
      <button
        type="button"
        onClick={onSort}
        className={cx(
          'group inline-flex items-center gap-1 hover:text-ink',
          column.isNumber && 'flex-row-reverse',
          direction !== 'none' && 'text-ink',
        )}
      >
        {column.label}
        <Arrow size={12} className={direction === 'none' ? 'opacity-0 group-hover:opacity-40' : undefined} />
      </button>
    </th>
  );
}

function cellOf(column: string, worker: WorkerView, readAtMs: number): ReactNode {
  const { info } = worker;
  switch (column) {
    case 'worker':
      return <WorkerName worker={worker} />;
    case 'status':
      return <WorkerStatusPill status={worker.status} />;
    case 'queues':
      return <QueueBadges queues={worker.queues} />;
    case 'slots':
      return <SlotsBar used={worker.tasks.length} total={worker.slots} isLive={worker.status !== 'lost'} />;
    case 'processed':
      return worker.processed.toLocaleString('en');
    case 'failed':
      return worker.failed === 0 ? <span className="text-ink-3">0</span> : <FailedCount worker={worker} />;
    case 'cpu':
      return info.cpuPercent === undefined ? none : `${info.cpuPercent.toFixed(0)} %`;
    case 'rss':
      return info.rssBytes === undefined ? none : formatBytes(info.rssBytes);
    case 'lag':
      return info.eventLoopLagMs === undefined ? none : <LoopLag ms={info.eventLoopLagMs} />;
    case 'uptime':
      return <Duration from={worker.startedAt} to={worker.stoppedAt} />;
    case 'heartbeat':
      return <HeartbeatAge worker={worker} readAtMs={readAtMs} />;
    default:
      return null;
  }
}

function WorkerName({ worker }: { worker: WorkerView }) {
  return (
    <div className="flex min-w-0 items-baseline gap-2 whitespace-nowrap">
      <Link to={pages.worker(worker.workerId)} className="hover:text-accent hover:underline">
        <Mono className="font-medium">{worker.workerId}</Mono>
      </Link>
      {worker.workerId.includes(worker.hostname) ? null : <span className="truncate text-xs text-ink-3">{worker.hostname}</span>}
    </div>
  );
}

/** Queues a worker listens on; more than three are counted. */
export function QueueBadges({ queues }: { queues: readonly string[] }) {
  const more = queues.length - 3;
  return (
    <span className="flex gap-1">
      {queues.slice(0, 3).map((queue) => (
        <Badge key={queue} mono>
          {queue}
        </Badge>
      ))}
      {more > 0 ? <Badge>+{more}</Badge> : null}
    </span>
  );
}

function FailedCount({ worker }: { worker: WorkerView }) {
  return (
    <Link to={pages.tasks({ state: 'failed', worker: worker.workerId })} className="text-danger hover:underline">
      {worker.failed.toLocaleString('en')}
    </Link>
  );
}

/** From here on heartbeats and lease renewals are in danger. */
const LAG_WARNING_MS = 100;

function LoopLag({ ms }: { ms: number }) {
  return (
    <span className={ms >= LAG_WARNING_MS ? 'font-medium text-warning' : undefined}>{ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms</span>
  );
}
