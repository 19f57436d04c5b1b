import { AlarmClock, Check } from 'lucide-react';
import { Badge } from '#ui-kit/badge.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import { useNow } from '#ui-kit/use-now.ts';
import type { UiDeadline } from '../../../ui-api/people-types.ts';

/** "missed by 3 min", "due in 2 h", "met". `isAlone`: nothing around it says that it is a deadline. A run that still goes on misses it by more and more. */
export function DeadlineBadge({ deadline, isAlone = false }: { deadline: UiDeadline; isAlone?: boolean }) {
  const now = useNow();
  const due = Date.parse(deadline.dueAt);
  if (deadline.status === 'met')
    return (
      <Badge tone="good" icon={<Check size={11} />}>
        met
      </Badge>
    );
  if (deadline.status === 'open')
    return (
      <Badge icon={<AlarmClock size={11} />}>
        {isAlone ? 'deadline ' : 'due '}
        {due > now ? `in ${formatDuration(due - now)}` : 'now'}
      </Badge>
    );
  const until = deadline.runEndedAt === null ? now : Date.parse(deadline.runEndedAt);
  return (
    <Badge tone="danger" icon={<AlarmClock size={11} />}>
      {isAlone ? 'deadline ' : ''}missed by {formatDuration(Math.max(0, until - due))}
      {deadline.runEndedAt === null ? ' so far' : ''}
    </Badge>
  );
}
