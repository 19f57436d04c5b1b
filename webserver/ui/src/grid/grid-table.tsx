import { ChevronRight } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { cx } from '#ui-kit/class-names.ts';
import type { UiGrid } from '../../../ui-api/types.ts';
import { useRowWindow } from '../shell/use-row-window.ts';
import { GroupCell, TaskCell } from './grid-cell.tsx';
import { GridHeader } from './grid-header.tsx';
import { CELL_PX, HEADER_PX, ROW_PX } from './grid-measures.ts';
import type { TreeRow } from './task-rows.ts';

export interface GridTableProps {
  readonly dagId: string;
  readonly grid: UiGrid;
  readonly rows: readonly TreeRow[];
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly onSelect: (runId: string, taskId: string | null) => void;
  readonly onToggle: (groupId: string) => void;
}

/** The scrolling table: frozen header and names; only rows in sight are in the document. */
export function GridTable(props: GridTableProps) {
  const { grid, rows, runId, taskId, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRowWindow(box, rows.length, ROW_PX, HEADER_PX);
  const newest = grid.runs.at(-1)?.runId;
  // The newest run is the one people come for: keep the right end in sight when a run is added.
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when the newest run changes
  useEffect(() => {
    // Braces: newer browsers give a promise here, and React would take it for a clean-up function.
    box.current?.scrollTo({ left: box.current.scrollWidth });
  }, [newest]);

  // The side panel takes room away: what was chosen stays in sight beside it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when the choice changes
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      box.current?.querySelector('button[aria-pressed="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
    return () => cancelAnimationFrame(frame);
  }, [runId, taskId]);

  const onKeyDown = (event: KeyboardEvent) => {
    const run = grid.runs.findIndex((candidate) => candidate.runId === runId);
    const tasks = rows.filter((row) => row.kind === 'task');
    const task = tasks.findIndex((row) => row.id === taskId);
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    if (move === undefined || run < 0) return;
    event.preventDefault();
    const nextRun = grid.runs[Math.min(grid.runs.length - 1, Math.max(0, run + move[0]))]?.runId ?? runId;
    const nextTask = tasks[Math.min(tasks.length - 1, Math.max(0, task + move[1]))]?.id ?? null;
    if (nextRun !== null) onSelect(nextRun, nextTask);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys only repeat what the cell buttons do
    <div ref={box} onKeyDown={onKeyDown} className="wl-grid min-w-0 flex-1 overflow-auto" style={{ scrollPaddingTop: HEADER_PX + 8 }}>
      <div className="relative w-max min-w-full" style={{ height: HEADER_PX + rows.length * ROW_PX + 12 }}>
        <GridHeader runs={grid.runs} selectedRunId={runId} onSelect={(run) => onSelect(run, null)} />
        {rows.slice(view.from, view.to).map((row, index) => (
          <div
            key={`${row.kind}:${row.id}`}
            className="group/row absolute inset-x-0 flex hover:bg-hover"
            style={{ top: HEADER_PX + (view.from + index) * ROW_PX, height: ROW_PX }}
          >
            <RowLabel row={row} isSelected={row.id === taskId} onToggle={props.onToggle} />
            <RowCells row={row} {...props} />
          </div>
        ))}
      </div>
    </div>
  );
}

function RowLabel({ row, isSelected, onToggle }: { row: TreeRow; isSelected: boolean; onToggle: (groupId: string) => void }) {
  const className = cx(
    'wl-grid-label sticky left-0 z-[1] flex shrink-0 items-center gap-1 truncate border-r border-line bg-bg pr-3 text-sm group-hover/row:bg-hover',
    isSelected && 'font-medium',
  );
  const style = { paddingLeft: 16 + row.depth * 16 };
  if (row.kind === 'task')
    return (
      <div className={className} style={style} title={row.id}>
        <span className="w-[17px] shrink-0" />
        <span className="truncate font-mono text-xs">{row.label}</span>
        {row.task.isMapped ? <span className="ml-1 shrink-0 rounded border border-line px-1 text-2xs text-ink-3">mapped</span> : null}
      </div>
    );
  return (
    <button type="button" aria-expanded={row.isOpen} className={className} style={style} title={row.id} onClick={() => onToggle(row.id)}>
      <ChevronRight size={13} className={cx('shrink-0 text-ink-3 transition-transform', row.isOpen && 'rotate-90')} />
      <span className="truncate font-mono text-xs text-ink-2">{row.label}</span>
      <span className="ml-1 shrink-0 text-2xs text-ink-3">{row.taskIds.length}</span>
    </button>
  );
}

function RowCells({ row, grid, runId, taskId, onSelect }: GridTableProps & { row: TreeRow }) {
  return grid.runs.map((run, column) => (
    <div
      key={run.runId}
      className={cx('flex shrink-0 items-center justify-center', run.runId === runId && 'bg-accent-soft')}
      style={{ width: CELL_PX, marginLeft: column === 0 ? 8 : 0 }}
    >
      {row.kind === 'task' ? (
        <TaskCell
          run={run}
          taskId={row.id}
          cell={grid.cells[row.id]?.[column] ?? null}
          isSelected={run.runId === runId && row.id === taskId}
          onSelect={onSelect}
        />
      ) : (
        <GroupCell label={row.id} cells={row.taskIds.map((id) => grid.cells[id]?.[column])} isOpen={row.isOpen} />
      )}
    </div>
  ));
}
