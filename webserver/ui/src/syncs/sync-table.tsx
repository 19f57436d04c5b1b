import { ArrowRight, RotateCcw, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import type { ResettableStream } from '#core/sync/reset-words.ts';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import { pages } from '../api/paths.ts';
import { useMayEdit } from '../api/session.ts';
import { Position } from './position.tsx';
import { ResetDialog } from './reset-dialog.tsx';
import { type RestSync, useWithdrawReset } from './sync-requests.ts';

/** Each stream with how far it came. On narrow screens where it comes from and goes to stands below its name. */
export function SyncTable({ syncs }: { syncs: readonly RestSync[] }) {
  const mayEdit = useMayEdit();
  const [asked, setAsked] = useState<number | null>(null);
  const sync = syncs.find((one) => one.id === asked);
  const known = sync === undefined ? null : resettable(sync);
  return (
    <>
      <Table label="Syncs">
        <thead>
          <tr>
            <th>Stream</th>
            <th className="max-lg:hidden">From and to</th>
            <th className="max-md:hidden">Came to</th>
            <th className="text-right max-sm:hidden">Rows</th>
            <th>Last run</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {syncs.map((one) => (
            <SyncRow key={one.id} sync={one} onReset={mayEdit ? () => setAsked(one.id) : null} />
          ))}
        </tbody>
      </Table>
      {sync === undefined || known === null ? null : <ResetDialog sync={sync} known={known} onClose={() => setAsked(null)} />}
    </>
  );
}

function resettable({ stream, destination, rows_are: rowsAre, removes }: RestSync): ResettableStream | null {
  return rowsAre === null || removes === null ? null : { stream, destination, rowsAre, removes };
}

function SyncRow({ sync, onReset }: { sync: RestSync; onReset: (() => void) | null }) {
  return (
    <tr>
      <td className="max-w-[168px] sm:max-w-[260px]">
        <span className="flex min-w-0 flex-col">
          <span className="flex min-w-0 items-center gap-2">
            <span className="truncate font-medium" title={sync.stream}>
              {sync.stream}
            </span>
            {sync.dag_is_paused ? <Badge className="max-sm:hidden">Paused</Badge> : null}
          </span>
          <Link to={pages.dag(sync.dag_id)} className="truncate text-xs text-ink-3 hover:text-ink hover:underline">
            {sync.dag_id}
            <span> · {sync.task_id}</span>
          </Link>
          <span className="lg:hidden">
            <Way sync={sync} />
          </span>
          {sync.reset === null ? null : (
            <span className="mt-1 sm:hidden">
              <ResetBadge reset={sync.reset} />
            </span>
          )}
        </span>
      </td>
      <td className="max-w-[320px] max-lg:hidden">
        <Way sync={sync} />
      </td>
      <td className="max-w-[220px] max-md:hidden">
        <Position state={sync.position} />
      </td>
      <td className="text-right whitespace-nowrap tabular-nums max-sm:hidden">
        <span>{sync.rows_total.toLocaleString('en-GB')}</span>
        {sync.last_attempt === null ? null : (
          <span className="block text-xs text-ink-3">{`+${sync.last_attempt.rows.toLocaleString('en-GB')} last`}</span>
        )}
      </td>
      <td className="max-w-[128px] sm:max-w-[240px]">
        <LastRun sync={sync} />
      </td>
      <td className="w-0">
        <ResetState sync={sync} onReset={onReset} />
      </td>
    </tr>
  );
}

function Way({ sync }: { sync: RestSync }) {
  return (
    <span className="flex min-w-0 flex-col text-xs text-ink-2">
      <span className="truncate" title={sync.source}>
        {sync.source}
      </span>
      <span className="flex min-w-0 items-center gap-1">
        <ArrowRight size={12} className="shrink-0 text-ink-3" aria-label="to" />
        <span className="truncate" title={sync.destination}>
          {sync.destination}
        </span>
      </span>
    </span>
  );
}

function LastRun({ sync: { dag_id, task_id, last_attempt: last } }: { sync: RestSync }) {
  if (last === null) return <span className="text-ink-3">Its runs are gone</span>;
  return (
    <span className="flex min-w-0 flex-col items-start gap-1">
      <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Link
          to={pages.task(dag_id, last.dag_run_id, task_id, last.map_index, 'sync')}
          className="hover:opacity-80"
          title={last.dag_run_id}
        >
          <StatePill state={last.state} size="sm" />
        </Link>
        <span className="text-xs text-ink-3">
          <TimeAgo iso={last.start_date} />
        </span>
      </span>
      {last.error === null ? null : (
        <Tooltip className="inline-flex max-w-full min-w-0" content={last.error}>
          <span className="truncate text-xs text-danger">{last.error}</span>
        </Tooltip>
      )}
    </span>
  );
}

/** The button, or what was asked for and waits. */
function ResetState({ sync, onReset }: { sync: RestSync; onReset: (() => void) | null }) {
  if (sync.reset !== null)
    return (
      <span className="flex flex-col items-end gap-1">
        <span className="max-sm:hidden">
          <ResetBadge reset={sync.reset} />
        </span>
        {sync.reset.has_begun || onReset === null ? null : <WithdrawButton sync={sync} />}
      </span>
    );
  if (onReset === null) return null;
  return (
    <span className="flex justify-end">
      <Button
        size="sm"
        icon={<RotateCcw size={13} />}
        aria-label={`Reset ${sync.stream}`}
        disabled={sync.rows_are === null}
        title={sync.rows_are === null ? 'Its destination does not say how it begins from the start' : undefined}
        onClick={onReset}
      >
        <span className="max-sm:hidden">Reset</span>
      </Button>
    </span>
  );
}

function ResetBadge({ reset }: { reset: NonNullable<RestSync['reset']> }) {
  if (reset.held_by.length > 0)
    return (
      <Tooltip
        content={`${reset.held_by.join(', ')} goes to the same table since, and would not bring back rows that are removed: the reset is not carried out. Withdraw it.`}
      >
        <Badge tone="danger">Reset is held</Badge>
      </Tooltip>
    );
  return (
    <Tooltip content={`Asked for by ${reset.requested_by}; ${reset.rows === 'keep' ? 'the rows stay' : 'the rows are removed'}`}>
      <Badge tone="warning">{reset.has_begun ? 'Reset has begun' : 'Resets next run'}</Badge>
    </Tooltip>
  );
}

function WithdrawButton({ sync }: { sync: RestSync }) {
  const withdraw = useWithdrawReset(sync.id);
  const toast = useToast();
  return (
    <Button
      size="sm"
      variant="ghost"
      icon={<Undo2 size={13} />}
      aria-label={`Withdraw the reset of ${sync.stream}`}
      isBusy={withdraw.isPending}
      onClick={() =>
        withdraw.mutate(undefined, { onError: (error) => toast({ tone: 'danger', title: 'Not withdrawn', detail: error.message }) })
      }
    >
      <span className="max-sm:hidden">Withdraw</span>
    </Button>
  );
}
