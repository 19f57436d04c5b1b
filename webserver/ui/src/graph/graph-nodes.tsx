import { Handle, type NodeProps, Position } from '@xyflow/react';
import {
  ArrowDownToLine,
  ArrowUpFromLine,
  Boxes,
  ChevronDown,
  CircleDashed,
  Database,
  GitBranch,
  Globe,
  type LucideIcon,
  Radar,
  Split,
  SquareTerminal,
  Waypoints,
} from 'lucide-react';
import { cx } from '#ui-kit/class-names.ts';
import { counted } from '#ui-kit/counted.ts';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import { Duration } from '#ui-kit/time.tsx';
import type { StateCounts, UiGroup, UiTaskNode } from '../../../ui-api/types.ts';
import type { GraphDirection } from './flow-graph.ts';
import type { NodeState } from './node-state.ts';

export interface NodeData extends Record<string, unknown> {
  readonly label: string;
  readonly group: UiGroup | null;
  readonly task: UiTaskNode | null;
  readonly groupId: string | null;
  readonly taskCount: number;
  readonly state: NodeState | null;
  readonly isFaded: boolean;
  readonly isOpenable: boolean;
  readonly direction: GraphDirection;
  readonly onToggleGroup: (groupId: string) => void;
}

const OPERATOR_ICONS: Readonly<Record<string, LucideIcon>> = {
  bash: SquareTerminal,
  http: Globe,
  sql: Database,
  postgres: Database,
  sensor: Radar,
  branch: GitBranch,
  gate: Split,
  empty: CircleDashed,
};

function Handles({ direction }: { direction: GraphDirection }) {
  const isRight = direction === 'RIGHT';
  return (
    <>
      <Handle type="target" position={isRight ? Position.Left : Position.Top} className="!pointer-events-none !opacity-0" />
      <Handle type="source" position={isRight ? Position.Right : Position.Bottom} className="!pointer-events-none !opacity-0" />
    </>
  );
}

function boxStyle(state: NodeState | null, isStack: boolean) {
  if (state === null || state.state === 'none')
    return isStack ? { boxShadow: '3px 3px 0 0 var(--surface), 3px 3px 0 1px var(--line-strong)' } : {};
  const { color } = lookOf(state.state);
  const edge = `color-mix(in oklab, ${color} 55%, var(--surface))`;
  return {
    borderColor: edge,
    backgroundColor: `color-mix(in oklab, ${color} 8%, var(--surface))`,
    ...(isStack ? { boxShadow: `3px 3px 0 0 var(--surface), 3px 3px 0 1px ${edge}` } : {}),
  };
}

/** One task: state icon, name, and below it what it is and how long it took. */
export function TaskNode({ data, width, height }: NodeProps & { data: NodeData }) {
  const { label, task, state, isFaded, isOpenable, direction } = data;
  const Icon = OPERATOR_ICONS[task?.kind === 'task' ? task.operator : (task?.kind ?? '')] ?? Waypoints;
  const word = state === null ? '' : `: ${lookOf(state.state).word}`;
  return (
    <div
      {...(isOpenable ? { role: 'link', 'aria-label': `${task?.taskId ?? label}${word}` } : {})}
      title={task?.taskId}
      data-state={state?.state}
      className={cx(
        'flex items-center gap-2.5 rounded-[10px] border border-line-strong bg-surface px-3 shadow-1 transition-opacity',
        isOpenable && 'cursor-pointer hover:border-ink-3',
        isFaded && 'opacity-35',
      )}
      style={{ width, height, ...boxStyle(state, task?.isMapped === true) }}
    >
      <Handles direction={direction} />
      {task?.uiColor === undefined ? null : <ColourStripe colour={task.uiColor} />}
      {state === null ? <Icon size={15} className="shrink-0 text-ink-3" /> : <StateIcon state={state.state} size={16} />}
      <span className="flex min-w-0 flex-col leading-[16px]">
        <span className={cx('truncate text-xs font-medium', task?.displayName === undefined && 'font-mono')}>{label}</span>
        <span className="flex items-center gap-1.5 truncate text-2xs text-ink-3">
          {task?.operator}
          {state?.counts === null || state === null ? null : (
            <span title={`${total(state.counts)} mapped instances`}>× {total(state.counts)}</span>
          )}
          {state === null || state.startedAt === null ? null : (
            <span className="tabular-nums">
              · <Duration from={state.startedAt} to={state.endedAt} />
            </span>
          )}
        </span>
      </span>
      {task?.role === undefined ? null : <RoleMark role={task.role} />}
      {state?.counts === null || state === null ? null : <CountBar counts={state.counts} />}
    </div>
  );
}

/** The author's colour, beside the colours of states and never in their place. */
function ColourStripe({ colour }: { colour: string }) {
  return <span aria-hidden="true" className="-ml-1.5 h-5 w-1 shrink-0 rounded-full" style={{ backgroundColor: colour }} />;
}

/** An arrow out of the ground for a setup, back into it for a teardown. */
function RoleMark({ role }: { role: 'setup' | 'teardown' }) {
  const Icon = role === 'setup' ? ArrowUpFromLine : ArrowDownToLine;
  return (
    <span title={role} className="ml-auto shrink-0 rounded-md bg-sunken p-1 text-ink-2">
      <Icon size={13} aria-label={role} />
    </span>
  );
}

/** An open group: a frame with its name; a click on the name folds it. */
export function GroupNode({ data, width, height }: NodeProps & { data: NodeData }) {
  return (
    <div
      className="rounded-xl border border-dashed border-line-strong bg-[color-mix(in_oklab,var(--sunken)_60%,transparent)]"
      style={{ width, height }}
    >
      <Handles direction={data.direction} />
      <button
        type="button"
        aria-expanded="true"
        aria-label={`Fold ${data.groupId ?? data.label}`}
        title={data.group?.tooltip ?? data.groupId ?? data.label}
        onClick={() => data.groupId !== null && data.onToggleGroup(data.groupId)}
        className="nodrag m-2 flex items-center gap-1.5 rounded-md px-1.5 py-0.5 text-xs text-ink-2 hover:bg-hover hover:text-ink"
      >
        <ChevronDown size={13} />
        {data.group?.uiColor === undefined ? null : <ColourDot colour={data.group.uiColor} />}
        <span className={cx('truncate whitespace-nowrap', data.group?.displayName === undefined && 'font-mono')}>{data.label}</span>
        {data.state === null ? null : <StateIcon state={data.state.state} size={12} />}
      </button>
    </div>
  );
}

/** A folded group: its name, its size, its states as a bar. */
export function ClosedGroupNode({ data, width, height }: NodeProps & { data: NodeData }) {
  const { label, groupId, taskCount, state, isFaded, direction } = data;
  return (
    <button
      type="button"
      aria-expanded="false"
      aria-label={`Unfold ${groupId ?? label}`}
      title={data.group?.tooltip ?? groupId ?? label}
      onClick={() => groupId !== null && data.onToggleGroup(groupId)}
      className={cx(
        'nodrag relative flex items-center gap-2.5 rounded-[10px] border border-line-strong bg-surface px-3 text-left transition-opacity hover:border-ink-3',
        isFaded && 'opacity-35',
      )}
      style={{ width, height, ...boxStyle(state, true) }}
    >
      <Handles direction={direction} />
      {state === null ? <Boxes size={15} className="shrink-0 text-ink-3" /> : <StateIcon state={state.state} size={16} />}
      <span className="flex min-w-0 flex-col leading-[16px]">
        <span className="truncate font-mono text-xs font-medium">{label}</span>
        <span className="text-2xs text-ink-3">{counted(taskCount, 'task')}</span>
      </span>
      {state === null || state.counts === null ? null : <CountBar counts={state.counts} />}
    </button>
  );
}

function ColourDot({ colour }: { colour: string }) {
  return <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ backgroundColor: colour }} />;
}

function total(counts: StateCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** Counts by state as a thin bar along the lower edge. */
function CountBar({ counts }: { counts: StateCounts }) {
  return (
    <span aria-hidden="true" className="absolute inset-x-2.5 bottom-1 flex h-[3px] gap-px overflow-hidden rounded-full">
      {STATE_ORDER.map((state) => {
        const count = counts[state as keyof StateCounts] ?? 0;
        return count === 0 ? null : <span key={state} style={{ flexGrow: count, backgroundColor: lookOf(state).color }} />;
      })}
    </span>
  );
}
