import { Check, Clock } from 'lucide-react';
import { Badge } from '#ui-kit/badge.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiApproval } from '../../../ui-api/people-types.ts';
import { Facts } from '../shell/facts.tsx';

/** What was answered, by whom and when. */
export function AnswerGiven({ approval }: { approval: UiApproval }) {
  const { chosen, form, respondedBy, respondedAt, status } = approval;
  if (chosen === null)
    return (
      <p className="text-sm text-ink-2">
        {status === 'timed_out' ? 'Nobody answered in time.' : 'It is not asked any more: the task was cleared, marked or stopped.'}
      </p>
    );
  const fields = Object.entries(form ?? {});
  return (
    <div className="flex flex-col gap-3">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        {chosen.map((option) => (
          <Badge key={option} tone="good" icon={<Check size={11} />}>
            {option}
          </Badge>
        ))}
        <span className="text-ink-2">
          {respondedBy === null ? (
            <>
              <Clock size={12} className="mr-1 inline" />
              nobody answered in time: the fallback
            </>
          ) : (
            <>by {respondedBy}</>
          )}
          {respondedAt === null ? null : (
            <>
              {' '}
              <TimeAgo iso={respondedAt} />
            </>
          )}
        </span>
      </p>
      {fields.length === 0 ? null : (
        <div className="max-w-[520px] rounded-xl border border-line bg-sunken px-4 py-3 text-sm">
          <Facts rows={fields.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const)} />
        </div>
      )}
    </div>
  );
}
