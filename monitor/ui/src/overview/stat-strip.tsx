import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Card, Stat } from '#ui-kit/card.tsx';
import { Meter } from '#ui-kit/meter.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { Overview, QueueView } from '../../../api/types.ts';
import { pages } from '../api/paths.ts';
import { isStuck } from '../queues/queues-table.tsx';

/** A queue whose oldest task waits longer than this deserves a look. */
const LONG_WAIT_SECONDS = 60;

/** The six numbers a look at a wall should give; each leads to its page. */
export function StatStrip({ overview, queues }: { overview: Overview; queues: readonly QueueView[] }) {
  const { workers, slots, tasks } = overview;
  const ended = tasks.succeededLastHour + tasks.failedLastHour;
  const stuck = queues.filter(isStuck).reduce((sum, queue) => sum + queue.queued, 0);
  const oldest = queues.find((queue) => queue.queued > 0 && queue.oldestQueuedSeconds === oldestOf(queues));
  const isLongWait = (overview.oldestQueuedSeconds ?? 0) > LONG_WAIT_SECONDS;
  return (
    <Card bodyClassName="grid grid-cols-2 divide-line sm:grid-cols-3 lg:grid-cols-6 lg:divide-x">
      <Cell to={pages.workers}>
        <Stat
          label="Workers online"
          value={workers.online}
          tone={workers.online === 0 ? 'danger' : 'ink'}
          note={<WorkerNote workers={workers} />}
        />
      </Cell>
      <Cell to={pages.workers}>
        <Stat
          label="Slots used"
          value={
            <>
              {slots.used}
              <span className="font-normal text-ink-3"> / {slots.total}</span>
            </>
          }
        >
          <Meter
            label="Slots used"
            value={slots.used}
            max={slots.total}
            isMoving={slots.used > 0}
            color={slots.used >= slots.total ? 'var(--accent)' : 'var(--st-running)'}
            className="mt-1.5 max-w-[130px]"
          />
        </Stat>
      </Cell>
      <Cell to={pages.tasks({ state: 'running' })}>
        <Stat label="Running" value={tasks.running.toLocaleString('en')} note="tasks right now" />
      </Cell>
      <Cell to={pages.tasks({ state: 'queued' })}>
        <Stat
          label="Waiting"
          value={tasks.queued.toLocaleString('en')}
          tone={stuck > 0 ? 'danger' : 'ink'}
          note={stuck > 0 ? <span className="text-danger">{stuck} that nobody takes</span> : 'in all queues'}
        />
      </Cell>
      <Cell to={pages.queues}>
        <Stat
          label="Oldest waiting"
          value={overview.oldestQueuedSeconds === null ? '–' : formatDuration(overview.oldestQueuedSeconds * 1_000)}
          tone={isLongWait ? 'warning' : 'ink'}
          note={oldest === undefined ? 'nothing waits' : `in queue ${oldest.queue}`}
        />
      </Cell>
      <Cell to={pages.tasks({ state: 'failed' })}>
        <Stat
          label="Ended, last hour"
          value={ended.toLocaleString('en')}
          note={
            tasks.failedLastHour === 0 ? (
              'none failed'
            ) : (
              <span className="text-danger">
                {tasks.failedLastHour.toLocaleString('en')} failed, {((tasks.failedLastHour / ended) * 100).toFixed(1)} %
              </span>
            )
          }
        />
      </Cell>
    </Card>
  );
}

function oldestOf(queues: readonly QueueView[]): number {
  return Math.max(0, ...queues.map((queue) => queue.oldestQueuedSeconds ?? 0));
}

function Cell({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="min-w-0 transition-colors first:rounded-l-xl last:rounded-r-xl hover:bg-hover">
      {children}
    </Link>
  );
}

function WorkerNote({ workers }: { workers: Overview['workers'] }) {
  const parts = (['paused', 'draining', 'lost'] as const).filter((status) => workers[status] > 0);
  if (parts.length === 0) return workers.online === 0 ? 'start one: windlass worker' : 'all well';
  return parts.map((status, index) => (
    <span key={status} className={status === 'lost' ? 'text-danger' : undefined}>
      {index === 0 ? '' : ', '}
      {workers[status]} {status}
    </span>
  ));
}
