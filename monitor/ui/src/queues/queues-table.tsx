import { TriangleAlert } from 'lucide-react';
import { Link } from 'react-router';
import { Meter } from '#ui-kit/meter.tsx';
import { Table } from '#ui-kit/table.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { QueueView } from '../../../api/types.ts';
import { pages } from '../api/paths.ts';
import { Mono } from '../shell/mono.tsx';

const none = <span className="text-ink-3">–</span>;

/** Tells whether work waits there and nobody takes it. */
export function isStuck(queue: QueueView): boolean {
  return queue.queued > 0 && queue.consumers === 0;
}

/** Why nobody takes what waits there. */
export function stuckBecause(queue: QueueView): string {
  if (queue.haltedConsumers === 0) return 'no worker listens';
  return queue.haltedConsumers === 1 ? 'its only worker is paused' : `its ${queue.haltedConsumers} workers are paused`;
}

/** Every queue in one row; one where work waits and nobody listens is red and says so. */
export function QueuesTable({ queues, isCompact = false }: { queues: readonly QueueView[]; isCompact?: boolean }) {
  return (
    <Table label="Queues" dense={isCompact}>
      <thead>
        <tr>
          <th>Queue</th>
          <th className="!text-right">Waiting</th>
          <th className="!text-right">Running</th>
          <th className="!text-right">Oldest</th>
          <th className="!text-right">Workers</th>
          {isCompact ? null : (
            <>
              <th>Slots in use</th>
              <th className="!text-right">In the broker</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <QueueRow key={queue.queue} queue={queue} isCompact={isCompact} />
        ))}
      </tbody>
    </Table>
  );
}

function QueueRow({ queue, isCompact }: { queue: QueueView; isCompact: boolean }) {
  const stuck = isStuck(queue);
  return (
    <tr data-queue={queue.queue}>
      <td>
        <span className={isCompact ? 'flex flex-col whitespace-nowrap' : 'flex items-center gap-2 whitespace-nowrap'}>
          <Link to={pages.tasks({ state: 'queued', search: `queue:${queue.queue}` })} className="hover:text-accent hover:underline">
            <Mono className="font-medium">{queue.queue}</Mono>
          </Link>
          {stuck ? <StuckNotice queue={queue} isCompact={isCompact} /> : null}
        </span>
      </td>
      <td className={`text-right ${stuck ? 'font-semibold text-danger' : queue.queued > 0 ? 'font-medium' : 'text-ink-3'}`}>
        {queue.queued.toLocaleString('en')}
      </td>
      <td className={`text-right ${queue.running > 0 ? '' : 'text-ink-3'}`}>{queue.running.toLocaleString('en')}</td>
      <td className={`text-right whitespace-nowrap ${stuck ? 'font-medium text-danger' : 'text-ink-2'}`}>
        {queue.oldestQueuedSeconds === null ? none : formatDuration(queue.oldestQueuedSeconds * 1_000)}
      </td>
      <td className="text-right">
        {queue.consumers > 0 ? (
          queue.consumers
        ) : (
          <span className={stuck ? 'font-semibold text-danger' : 'text-ink-3'}>{stuck ? 'none' : 0}</span>
        )}
      </td>
      {isCompact ? null : (
        <>
          <td>
            <SlotsInUse queue={queue} />
          </td>
          <td className="text-right text-ink-2">
            {queue.brokerWaiting + queue.brokerActive === 0 ? none : `${queue.brokerWaiting} waiting, ${queue.brokerActive} in hand`}
          </td>
        </>
      )}
    </tr>
  );
}

function SlotsInUse({ queue }: { queue: QueueView }) {
  if (queue.slots === 0) return none;
  return (
    <span className="flex items-center gap-2">
      <Meter
        label={`Slots of ${queue.queue} in use`}
        value={queue.running}
        max={queue.slots}
        isMoving={queue.running > 0}
        className="w-[120px]"
      />
      <span className="text-xs text-ink-3 tabular-nums">
        {queue.running} of {queue.slots}
      </span>
    </span>
  );
}

/** The sentence that a bare depth does not say. */
function StuckNotice({ queue, isCompact }: { queue: QueueView; isCompact: boolean }) {
  if (isCompact) return <span className="-mt-0.5 pb-1 text-2xs font-medium text-danger">{stuckBecause(queue)}</span>;
  return (
    <span className="inline-flex h-[22px] items-center gap-1.5 rounded-full border border-danger-line bg-danger-soft px-2 text-xs font-medium whitespace-nowrap text-danger">
      <TriangleAlert size={12} strokeWidth={2.4} />
      {queue.queued.toLocaleString('en')} waiting, {stuckBecause(queue)}
    </span>
  );
}
