import { formatDuration } from '#ui-kit/time-format.ts';
import { useNow } from '#ui-kit/use-now.ts';
import type { TaskView } from '../../../api/types.ts';

/** What still moves is shown in whole seconds: tenths would only flicker. */
export function LiveMs({ ms, sinceIso }: { ms: number | null; sinceIso: string | null }) {
  const now = useNow();
  if (sinceIso === null) return <span className="text-ink-3">–</span>;
  const grown = Math.max(ms ?? 0, now - Date.parse(sinceIso));
  return <span className="whitespace-nowrap tabular-nums">{wholeSeconds(grown)}</span>;
}

function wholeSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1_000) * 1_000)
    .replace('0 ms', '0 s')
    .replace('.0 s', ' s');
}

/** How long it waited in the queue. */
export function Waited({ task }: { task: TaskView }) {
  if (task.state === 'queued') return <LiveMs ms={task.waitedMs} sinceIso={task.queuedAt} />;
  if (task.waitedMs === null) return <span className="text-ink-3">–</span>;
  return <span className="whitespace-nowrap text-ink-2 tabular-nums">{formatDuration(task.waitedMs)}</span>;
}

/** How long it ran, or has run so far. */
export function Ran({ task }: { task: TaskView }) {
  if (task.state === 'running') return <LiveMs ms={task.ranMs} sinceIso={task.startedAt} />;
  if (task.ranMs === null) return <span className="text-ink-3">–</span>;
  return <span className="whitespace-nowrap tabular-nums">{formatDuration(task.ranMs)}</span>;
}

/** Waited and ran as one bar on a scale that all rows share, so that the slow one sticks out. */
export function TimingBar({ task, scaleMs }: { task: TaskView; scaleMs: number }) {
  const waited = task.waitedMs ?? 0;
  const ran = task.ranMs ?? 0;
  const width = (ms: number) => `${Math.min(100, scaleMs === 0 ? 0 : (ms / scaleMs) * 100)}%`;
  const isRunning = task.state === 'running';
  return (
    <span
      role="img"
      aria-label={`waited ${formatDuration(waited)}, ran ${formatDuration(ran)}`}
      title={`waited ${formatDuration(waited)}, ran ${formatDuration(ran)}`}
      className="flex h-1.5 w-[96px] overflow-hidden rounded-full bg-press"
    >
      <span style={{ width: width(waited), backgroundColor: 'var(--st-queued)' }} />
      <span
        className={isRunning ? 'wl-rope' : undefined}
        style={{ width: width(ran), minWidth: ran > 0 ? 2 : 0, backgroundColor: colorOf(task.state) }}
      />
    </span>
  );
}

const BAD = new Set(['failed', 'lost', 'killed']);

function colorOf(state: string): string {
  if (state === 'running') return 'var(--st-running)';
  return BAD.has(state) ? 'var(--st-failed)' : 'var(--st-success)';
}

/** The scale of a page of tasks: the ninth of ten, so that one giant does not flatten the rest. */
export function timingScaleMs(tasks: readonly TaskView[]): number {
  const spans = tasks.map((task) => (task.waitedMs ?? 0) + (task.ranMs ?? 0)).sort((a, b) => a - b);
  return spans[Math.floor(spans.length * 0.9)] ?? 0;
}
