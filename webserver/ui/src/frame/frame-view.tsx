import { useState } from 'react';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { ColumnPanel } from './column-panel.tsx';
import { type FrameAddress, useFrame } from './frame-requests.ts';
import { FrameTable } from './frame-table.tsx';

/** A frame that a task handed on, however large: its rows, and what each column is like. */
export function FrameView({ address }: { address: FrameAddress }) {
  const frame = useFrame(address);
  const [selected, setSelected] = useState<string | null>(null);
  if (frame.error !== null)
    return (
      <div className="p-4">
        <ErrorPanel error={frame.error} onRetry={() => void frame.refetch()} />
      </div>
    );
  if (frame.data === undefined)
    return (
      <div className="p-4">
        <Skeleton className="h-64 w-full" />
      </div>
    );
  const column = frame.data.columns.find(({ name }) => name === selected);
  const hidden = frame.data.columnCount - frame.data.columns.length;
  return (
    <div className="overflow-hidden rounded-b-xl">
      <FrameTable address={address} frame={frame.data} selected={selected} onSelect={setSelected} />
      {hidden === 0 ? null : (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-3">
          The first {frame.data.columns.length} of {frame.data.columnCount} columns.
        </p>
      )}
      {column === undefined ? null : <ColumnPanel address={address} column={column} onClose={() => setSelected(null)} />}
    </div>
  );
}
