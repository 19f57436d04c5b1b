import { TriangleAlert } from 'lucide-react';
import { Link } from 'react-router';
import { buttonClass } from '#ui-kit/button.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { QueueView } from '../../../api/types.ts';
import { stuckBecause } from './queues-table.tsx';

/** Says for one queue that nobody takes its work, and what changes it. */
export function StuckQueueHelp({ queue }: { queue: QueueView }) {
  const oldest = queue.oldestQueuedSeconds === null ? '' : `, the oldest for ${formatDuration(queue.oldestQueuedSeconds * 1_000)}`;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-danger-line bg-danger-soft px-4 py-2.5"
    >
      <TriangleAlert size={16} className="shrink-0 text-danger" />
      <p className="min-w-0 flex-1">
        <span className="font-medium">
          {queue.queued.toLocaleString('en')} waiting in <span className="font-mono text-xs">{queue.queue}</span>, {stuckBecause(queue)}
        </span>
        <span className="text-ink-2">{oldest}.</span>
      </p>
      {queue.haltedConsumers > 0 ? <ToPausedWorkers queue={queue.queue} /> : <StartCommand queue={queue.queue} />}
    </div>
  );
}

function ToPausedWorkers({ queue }: { queue: string }) {
  return (
    <Link to={`/workers?search=${encodeURIComponent(queue)}`} className={buttonClass('secondary', 'sm')}>
      To its workers
    </Link>
  );
}

function StartCommand({ queue }: { queue: string }) {
  const command = `windlass worker --queues ${queue}`;
  return (
    <span className="flex max-w-full min-w-0 items-center gap-1 rounded-lg border border-line bg-surface py-0.5 pr-0.5 pl-3 font-mono text-xs">
      <span className="truncate">{command}</span>
      <CopyButton text={command} label="Copy command" />
    </span>
  );
}
