import { TriangleAlert } from 'lucide-react';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { QueueView } from '../../../api/types.ts';

/** Says for one queue that nobody takes its work, and the command that changes it. */
export function StuckQueueHelp({ queue }: { queue: QueueView }) {
  const command = `WINDLASS_WORKER_QUEUES=${queue.queue} windlass worker`;
  const oldest = queue.oldestQueuedSeconds === null ? '' : `, the oldest for ${formatDuration(queue.oldestQueuedSeconds * 1_000)}`;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-danger-line bg-danger-soft px-4 py-2.5"
    >
      <TriangleAlert size={16} className="shrink-0 text-danger" />
      <p className="min-w-0 flex-1">
        <span className="font-medium">
          {queue.queued.toLocaleString('en')} waiting in <span className="font-mono text-xs">{queue.queue}</span>, no worker listens
        </span>
        <span className="text-ink-2">{oldest}. Start one:</span>
      </p>
      <span className="flex items-center gap-1 rounded-lg border border-line bg-surface py-0.5 pr-0.5 pl-3 font-mono text-xs">
        <span className="truncate">{command}</span>
        <CopyButton text={command} label="Copy command" />
      </span>
    </div>
  );
}
