import { ArrowRight } from 'lucide-react';
import { StateText } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { Instant } from '#ui-kit/time.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import { useTaskPage } from './task-layout.tsx';

/** Every change of state, with who made it and why: the history that never lies. */
export function EventsTab() {
  const { instance } = useTaskPage();
  const { events } = instance;
  return (
    <div className="px-4 py-4 md:px-6">
      <div className="rounded-xl border border-line bg-surface shadow-1">
        <Table label="Events" dense>
          <thead>
            <tr>
              <th>At</th>
              <th className="text-right max-sm:hidden">After</th>
              <th>Change</th>
              <th>By</th>
              <th className="text-right max-md:hidden">Try</th>
              <th className="max-sm:hidden">Reason</th>
            </tr>
          </thead>
          <tbody>
            {events.map((event, index) => {
              const before = events[index - 1];
              return (
                <tr key={`${event.at}${event.event}${event.toState}`}>
                  <td className="text-ink-2">
                    <Instant iso={event.at} />
                  </td>
                  <td className="text-right text-xs text-ink-3 max-sm:hidden">
                    {before === undefined ? '' : `+${formatDuration(Date.parse(event.at) - Date.parse(before.at))}`}
                  </td>
                  <td>
                    <span className="flex items-center gap-2">
                      <span className="text-ink-3 max-md:hidden">
                        <StateText state={event.fromState} />
                      </span>
                      <ArrowRight size={12} className="shrink-0 text-ink-3 max-md:hidden" />
                      <StateText state={event.toState} />
                    </span>
                  </td>
                  <td className="text-ink-2" title={event.actor}>
                    {actorWord(event.actor)}
                  </td>
                  <td className="text-right text-ink-2 max-md:hidden">{event.tryNumber}</td>
                  <td className="max-w-[360px] truncate text-ink-2 max-sm:hidden" title={event.reason ?? undefined}>
                    {event.reason ?? <span className="font-mono text-xs text-ink-3">{event.event}</span>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </Table>
      </div>
    </div>
  );
}

/** "scheduler:host:17020:f304" → "scheduler"; a person keeps the name. */
function actorWord(actor: string): string {
  const [kind = actor, name = ''] = actor.split(':');
  return kind === 'user' ? name : kind;
}
