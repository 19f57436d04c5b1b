import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { lookOf } from '#ui-kit/state-looks.ts';
import { StateText } from '#ui-kit/state-pill.tsx';
import { Duration } from '#ui-kit/time.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import { useNow } from '#ui-kit/use-now.ts';
import type { UiInstance, UiRun } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

export const INSTANCE_ROW_PX = 40;
const COLUMNS = 'grid grid-cols-[minmax(170px,2fr)_minmax(150px,1.5fr)_minmax(120px,3fr)_84px] items-center gap-x-4 px-4';

export function InstanceHeader() {
  return (
    <div role="row" className={cx(COLUMNS, 'sticky top-0 z-[1] h-[34px] border-b border-line bg-surface text-xs font-medium text-ink-3')}>
      <span role="columnheader">Task</span>
      <span role="columnheader">State</span>
      <span role="columnheader">Timeline</span>
      <span role="columnheader" className="text-right">
        Took
      </span>
    </div>
  );
}

/** One instance: name, state with reason, its place in time, how long it took. */
export function InstanceRow({ run, instance, operator, topPx }: { run: UiRun; instance: UiInstance; operator: string; topPx: number }) {
  const { taskId, mapIndex, mapLabel, reason, progress } = instance;
  return (
    <div
      role="row"
      className={cx(COLUMNS, 'absolute inset-x-0 border-b border-line hover:bg-hover')}
      style={{ top: topPx, height: INSTANCE_ROW_PX }}
    >
      <span role="cell" className="flex min-w-0 items-center gap-2">
        <Link
          to={pages.task(run.dagId, run.runId, taskId, mapIndex)}
          className="truncate font-mono text-xs font-medium hover:underline"
          title={taskId}
        >
          {taskId}
        </Link>
        {mapIndex < 0 ? null : <span className="shrink-0 font-mono text-2xs text-ink-3">[{mapLabel ?? mapIndex}]</span>}
        <span className="truncate text-2xs text-ink-3 max-lg:hidden">{operator}</span>
      </span>
      <span role="cell" className="flex min-w-0 flex-col leading-[16px]">
        <span className="flex items-center gap-2">
          <StateText state={instance.state} />
          {instance.tryNumber > 1 ? <span className="text-2xs whitespace-nowrap text-ink-3">try {instance.tryNumber}</span> : null}
        </span>
        {reason === null ? null : (
          <span className="truncate text-2xs text-ink-3" title={reason}>
            {reason}
          </span>
        )}
      </span>
      <span role="cell">
        <TimelineBar run={run} instance={instance} />
      </span>
      <span role="cell" className="text-right">
        {progress === null || instance.state !== 'running' ? (
          <Duration from={instance.startedAt} to={instance.endedAt} />
        ) : (
          <span className="tabular-nums" title={progress.note}>
            {Math.round((progress.done / Math.max(1, progress.total)) * 100)}%
          </span>
        )}
      </span>
    </div>
  );
}

/** Waiting hatched pale, running solid, on an axis from the run's start to its end (or now). */
function TimelineBar({ run, instance }: { run: UiRun; instance: UiInstance }) {
  const now = useNow();
  const startMs = Date.parse(run.startedAt ?? run.queuedAt);
  const endMs = run.endedAt === null ? Math.max(now, startMs + 1_000) : Date.parse(run.endedAt);
  const spanMs = Math.max(1, endMs - startMs);
  const percent = (ms: number) => Math.min(100, Math.max(0, ((ms - startMs) / spanMs) * 100));
  const { color, isMoving } = lookOf(instance.state);
  const beganMs = instance.startedAt === null ? null : Date.parse(instance.startedAt);
  const queuedMs = instance.queuedAt === null ? null : Date.parse(instance.queuedAt);
  const stoppedMs = instance.endedAt === null ? now : Date.parse(instance.endedAt);
  const waitEndMs = beganMs ?? now;
  return (
    <span className="relative block h-3.5 rounded-[3px] bg-sunken">
      {queuedMs === null || (beganMs === null && instance.state !== 'queued') ? null : (
        <span
          title={`Waited ${formatDuration(waitEndMs - queuedMs)}`}
          className="absolute inset-y-1 rounded-l-[2px] bg-line-strong"
          style={{ left: `${percent(queuedMs)}%`, width: `${Math.max(0, percent(waitEndMs) - percent(queuedMs))}%` }}
        />
      )}
      {beganMs === null ? null : (
        <span
          title={`Ran ${formatDuration(stoppedMs - beganMs)}`}
          className={cx('absolute inset-y-0 min-w-[3px] rounded-[3px]', isMoving && 'wl-rope')}
          style={{
            left: `min(${percent(beganMs)}%, calc(100% - 3px))`,
            width: `${percent(stoppedMs) - percent(beganMs)}%`,
            backgroundColor: color,
          }}
        />
      )}
    </span>
  );
}
