import { TimeAgo } from '#ui-kit/time.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import { useNow } from '#ui-kit/use-now.ts';
import type { WorkerView } from '../../../api/types.ts';

/** An age moves in whole seconds. */
const STEP_MS = 1_000;

/** Seconds since the last heartbeat, growing on screen. The age is the server's; only its growth is this clock's. */
export function HeartbeatAge({ worker, readAtMs }: { worker: WorkerView; readAtMs: number }) {
  const now = useNow();
  if (worker.status === 'stopped') return <TimeAgo iso={worker.stoppedAt} />;
  const ageMs = worker.heartbeatAgeSeconds * 1_000 + Math.max(0, now - readAtMs);
  const whole = Math.floor(ageMs / STEP_MS) * STEP_MS;
  const text = whole < STEP_MS ? 'now' : formatDuration(whole).replace('.0 s', ' s');
  return (
    <span
      title={worker.lastHeartbeatAt}
      className={`whitespace-nowrap tabular-nums ${worker.status === 'lost' ? 'font-medium text-danger' : 'text-ink-2'}`}
    >
      {text}
      {whole < STEP_MS ? null : ' ago'}
    </span>
  );
}
