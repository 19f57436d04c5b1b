import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Meter } from '#ui-kit/meter.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Table } from '#ui-kit/table.tsx';
import { useMayAdminister } from '../api/session.ts';
import { type RestPool, usePoolChanges, usePools } from './admin-requests.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { PoolDialog } from './pool-dialog.tsx';
import { RowButtons } from './row-buttons.tsx';

type Overlay = { readonly kind: 'new' } | { readonly kind: 'edit' | 'delete'; readonly pool: RestPool };

const DEFAULT_POOL = 'default_pool';

/** How many tasks of a kind run at once, and how full that is now. */
export function PoolsPage() {
  const pools = usePools();
  const mayChange = useMayAdminister();
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  return (
    <Page>
      <title>Pools · Windlass</title>
      <PageHeader
        title="Pools"
        subtitle="A task holds slots of its pool from the moment it is queued until it ends; what finds no slot waits."
        actions={
          mayChange ? (
            <Button variant="primary" icon={<Plus size={16} />} onClick={() => setOverlay({ kind: 'new' })}>
              New pool
            </Button>
          ) : undefined
        }
      />
      {pools.error === null ? null : <ErrorPanel error={pools.error} onRetry={() => void pools.refetch()} />}
      <div className="rounded-xl border border-line bg-surface shadow-1">
        {pools.isPending ? <SkeletonRows rows={3} label="Loading pools" /> : null}
        {pools.data === undefined ? null : (
          <Table label="Pools">
            <thead>
              <tr>
                <th>Pool</th>
                <th>In use</th>
                <th className="max-sm:hidden">Running</th>
                <th className="max-sm:hidden">Queued</th>
                <th className="max-md:hidden">Waiting</th>
                <th className="max-md:hidden">Deferred</th>
                <th>
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pools.data.pools.map((pool) => (
                <PoolRow key={pool.name} pool={pool} onOverlay={mayChange ? setOverlay : null} />
              ))}
            </tbody>
          </Table>
        )}
      </div>
      {overlay === null ? null : overlay.kind === 'delete' ? (
        <DeletePool name={overlay.pool.name} onClose={() => setOverlay(null)} />
      ) : (
        <PoolDialog pool={overlay.kind === 'edit' ? overlay.pool : null} onClose={() => setOverlay(null)} />
      )}
    </Page>
  );
}

function PoolRow({ pool, onOverlay }: { pool: RestPool; onOverlay: ((overlay: Overlay) => void) | null }) {
  return (
    <tr>
      <td className="max-w-[340px]">
        <span className="flex min-w-0 flex-col">
          <span className="flex items-center gap-2">
            <span className="truncate font-mono text-xs font-medium" title={pool.name}>
              {pool.name}
            </span>
            {pool.include_deferred ? <Badge>Counts deferred</Badge> : null}
          </span>
          {pool.description === null ? null : <span className="truncate text-xs text-ink-3">{pool.description}</span>}
        </span>
      </td>
      <td className="min-w-[120px]">
        <Usage pool={pool} />
      </td>
      <td className="tabular-nums max-sm:hidden">{pool.running_slots}</td>
      <td className="tabular-nums max-sm:hidden">{pool.queued_slots}</td>
      <td className="tabular-nums max-md:hidden">{pool.scheduled_slots}</td>
      <td className="tabular-nums max-md:hidden">{pool.deferred_slots}</td>
      <td className="w-0">
        {onOverlay === null ? null : (
          <RowButtons
            name={pool.name}
            onEdit={() => onOverlay({ kind: 'edit', pool })}
            onDelete={pool.name === DEFAULT_POOL ? null : () => onOverlay({ kind: 'delete', pool })}
          />
        )}
      </td>
    </tr>
  );
}

function Usage({ pool }: { pool: RestPool }) {
  if (pool.slots < 0) return <span className="text-ink-2 tabular-nums">{pool.occupied_slots} · no limit</span>;
  return (
    <span className="flex flex-col gap-1.5">
      <span className="text-ink-2 tabular-nums">
        {pool.occupied_slots} of {pool.slots}
      </span>
      <Meter label={`Slots of ${pool.name} in use`} value={pool.occupied_slots} max={pool.slots} className="w-full max-w-[180px]" />
    </span>
  );
}

function DeletePool({ name, onClose }: { name: string; onClose: () => void }) {
  const { remove } = usePoolChanges();
  return (
    <DeleteDialog
      what={`the pool ${name}`}
      effect="Tasks that name it are not started until there is a pool of this name again."
      error={remove.error}
      isBusy={remove.isPending}
      onDelete={() => remove.mutate(name, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
