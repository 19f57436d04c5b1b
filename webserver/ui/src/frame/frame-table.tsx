import { useMemo, useRef } from 'react';
import { cx } from '#ui-kit/class-names.ts';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import type { UiFrame } from '../../../ui-api/data-types.ts';
import { ColumnHead } from './column-head.tsx';
import { columnsInSight, edgesOf, HEAD_PX, NUMBERS_PX, ROW_PX, rowsInSight, type Sight, scrollHeightOf } from './frame-measures.ts';
import { type FrameAddress, useFrameRows } from './frame-requests.ts';
import { useView } from './use-view.ts';

interface FrameTableProps {
  readonly address: FrameAddress;
  readonly frame: UiFrame;
  readonly selected: string | null;
  readonly onSelect: (column: string | null) => void;
}

/** Any number of rows and columns: only those in sight are asked for and drawn. */
export function FrameTable({ address, frame, selected, onSelect }: FrameTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useView(box);
  const roomPx = Math.max(0, view.width - NUMBERS_PX);
  const edges = useMemo(() => edgesOf(frame.columns, roomPx), [frame, roomPx]);
  const rows = rowsInSight(frame.rows, view);
  const columns = columnsInSight(edges, { ...view, width: roomPx });
  const pages = useFrameRows(address, rows.from, rows.to);
  const widthPx = NUMBERS_PX + (edges.at(-1) ?? 0);
  const heightPx = Math.min(HEAD_PX + Math.max(1, frame.rows) * ROW_PX + 16, 560);
  return (
    <>
      {pages.error === null ? null : (
        <div className="p-3">
          <ErrorPanel error={pages.error} />
        </div>
      )}
      <div
        ref={box}
        role="table"
        aria-label="Frame"
        aria-rowcount={frame.rows + 1}
        aria-colcount={frame.columnCount}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
        className="relative overflow-auto focus-visible:-outline-offset-2"
        style={{ height: heightPx }}
      >
        <div
          role="row"
          className="sticky top-0 z-[2] flex border-b border-line-strong bg-surface"
          style={{ width: widthPx, height: HEAD_PX }}
        >
          <Corner rows={frame.rows} />
          <span className="shrink-0" style={{ width: edges[columns.from] }} />
          {frame.columns.slice(columns.from, columns.to).map((column, index) => (
            <ColumnHead
              key={column.name}
              address={address}
              column={column}
              widthPx={widthAt(edges, columns.from + index)}
              isSelected={selected === column.name}
              onSelect={() => onSelect(selected === column.name ? null : column.name)}
            />
          ))}
        </div>
        <div className="relative" style={{ width: widthPx, height: scrollHeightOf(frame.rows) }}>
          <div style={{ transform: `translateY(${rows.offsetPx}px)` }}>
            {range(rows).map((row) => (
              <FrameRow key={row} row={row} cells={pages.rowAt(row)} frame={frame} edges={edges} columns={columns} selected={selected} />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

function Corner({ rows }: { rows: number }) {
  return (
    <div
      role="columnheader"
      className="sticky left-0 z-[1] flex shrink-0 flex-col justify-end border-r border-line bg-surface px-3 py-2 text-right text-2xs text-ink-3 tabular-nums"
      style={{ width: NUMBERS_PX }}
    >
      {rows.toLocaleString('en')}
      <span>rows</span>
    </div>
  );
}

interface FrameRowProps {
  readonly row: number;
  readonly cells: readonly (string | null)[] | undefined;
  readonly frame: UiFrame;
  readonly edges: readonly number[];
  readonly columns: Sight;
  readonly selected: string | null;
}

function FrameRow({ row, cells, frame, edges, columns, selected }: FrameRowProps) {
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      className="flex border-b border-line font-mono text-xs"
      style={{ height: ROW_PX, lineHeight: `${ROW_PX - 1}px` }}
    >
      <div
        role="rowheader"
        className="sticky left-0 z-[1] shrink-0 border-r border-line bg-surface px-3 text-right text-2xs text-ink-3 tabular-nums"
        style={{ width: NUMBERS_PX, lineHeight: `${ROW_PX - 1}px` }}
      >
        {(row + 1).toLocaleString('en')}
      </div>
      <span className="shrink-0" style={{ width: edges[columns.from] }} />
      {frame.columns.slice(columns.from, columns.to).map((column, index) => (
        <div
          key={column.name}
          role="cell"
          className={cx(
            'shrink-0 truncate border-r border-line px-3 tabular-nums',
            column.align === 'right' && 'text-right',
            selected === column.name && 'bg-accent-soft',
          )}
          style={{ width: widthAt(edges, columns.from + index) }}
          title={cells?.[columns.from + index] ?? undefined}
        >
          <Cell cell={cells === undefined ? undefined : (cells[columns.from + index] ?? null)} isShown={column.isShown} />
        </div>
      ))}
    </div>
  );
}

/** Undefined: on its way. */
function Cell({ cell, isShown }: { cell: string | null | undefined; isShown: boolean }) {
  if (cell === undefined) return <span className="text-ink-3">·</span>;
  if (!isShown) return <span className="text-ink-3">…</span>;
  if (cell === null) return <span className="text-ink-3 italic">null</span>;
  return cell === '' ? <span className="text-ink-3">“”</span> : cell;
}

function widthAt(edges: readonly number[], column: number): number {
  return (edges[column + 1] ?? 0) - (edges[column] ?? 0);
}

function range({ from, to }: Sight): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
