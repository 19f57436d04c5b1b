import { cx } from '#ui-kit/class-names.ts';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon, StatePill } from '#ui-kit/state-pill.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { StateCounts, UiCell, UiRunSummary } from '../../../ui-api/types.ts';
import { countCells, worstState } from './task-rows.ts';

/** States whose colour says enough; all others carry their icon, so that no meaning rests on colour alone. */
const PLAIN: ReadonlySet<string> = new Set(['success', 'none', 'removed']);

interface TaskCellProps {
  readonly run: UiRunSummary;
  readonly taskId: string;
  readonly cell: UiCell | null;
  readonly isSelected: boolean;
  readonly onSelect: (runId: string, taskId: string) => void;
}

export function TaskCell({ run, taskId, cell, isSelected, onSelect }: TaskCellProps) {
  if (cell === null) return <span className="size-[5px] rounded-full bg-line" />;
  return (
    <Tooltip content={<CellHint taskId={taskId} cell={cell} />} className="inline-flex">
      <button
        type="button"
        aria-label={`${taskId} in ${run.runId}: ${lookOf(cell.state).word}`}
        aria-pressed={isSelected}
        data-state={cell.state}
        onClick={() => onSelect(run.runId, taskId)}
        className={cx(
          'rounded-[5px] transition-transform hover:scale-110 focus-visible:outline-offset-1',
          isSelected && 'ring-2 ring-focus ring-offset-1 ring-offset-bg',
        )}
      >
        <Square state={cell.state} isMapped={cell.counts !== null} />
      </button>
    </Tooltip>
  );
}

function Square({ state, isMapped }: { state: string; isMapped: boolean }) {
  const { color, icon: Icon, isMoving } = lookOf(state);
  const isEmpty = state === 'none' || state === 'removed';
  return (
    <span
      className={cx('grid size-[18px] place-items-center rounded-[5px]', isMoving && 'wl-rope')}
      style={
        isEmpty
          ? { boxShadow: `inset 0 0 0 1.5px ${color}` }
          : { backgroundColor: color, boxShadow: isMapped ? `2.5px 2.5px 0 0 color-mix(in oklab, ${color} 42%, var(--bg))` : undefined }
      }
    >
      {PLAIN.has(state) || isMoving ? null : <Icon size={12} strokeWidth={3} className="wl-glyph" />}
    </span>
  );
}

function CellHint({ taskId, cell }: { taskId: string; cell: UiCell }) {
  return (
    <span className="flex flex-col gap-1">
      <span className="font-mono text-2xs break-all">{taskId}</span>
      <span className="flex items-center gap-2">
        <StatePill state={cell.state} size="sm" />
        <Duration from={cell.startedAt} to={cell.endedAt} />
      </span>
      {cell.reason == null ? null : <span className="max-w-72 break-words text-ink-2">{cell.reason}</span>}
      {cell.counts === null ? null : <Counts counts={cell.counts} />}
      {cell.tryNumber > 1 ? <span className="text-ink-3">try {cell.tryNumber}</span> : null}
      {cell.startedAt === null ? null : (
        <span className="text-ink-3">
          started <TimeAgo iso={cell.startedAt} />
        </span>
      )}
    </span>
  );
}

/** Counts by state, one a line, most urgent first. */
export function Counts({ counts }: { counts: StateCounts }) {
  return (
    <span className="flex flex-col gap-0.5">
      {STATE_ORDER.filter((state) => (counts[state as keyof StateCounts] ?? 0) > 0).map((state) => (
        <span key={state} className="flex items-center gap-1.5">
          <StateIcon state={state} size={12} />
          <span className="tabular-nums">{counts[state as keyof StateCounts]}</span>
          <span className="text-ink-3">{lookOf(state).word}</span>
        </span>
      ))}
    </span>
  );
}

/** A group's cell: the state most in need of a look; faint while the group is open and its tasks speak for themselves. */
export function GroupCell({ label, cells, isOpen }: { label: string; cells: readonly (UiCell | null | undefined)[]; isOpen: boolean }) {
  const counts = countCells(cells);
  const state = worstState(Object.keys(counts) as (keyof StateCounts)[]);
  if (state === null) return <span className="size-[5px] rounded-full bg-line" />;
  return (
    <Tooltip
      content={
        <span className="flex flex-col gap-1">
          <span className="font-mono text-2xs break-all">{label}</span>
          <Counts counts={counts} />
        </span>
      }
      className={cx('inline-flex', isOpen && 'opacity-35')}
    >
      {isOpen ? (
        <span className="h-[5px] w-[18px] rounded-full" style={{ backgroundColor: lookOf(state).color }} />
      ) : (
        <Square state={state} isMapped />
      )}
    </Tooltip>
  );
}
