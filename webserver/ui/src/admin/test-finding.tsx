import { CircleCheck, CircleX } from 'lucide-react';
import { cx } from '#ui-kit/class-names.ts';

/** What trying a connection found. */
export function TestFinding({ finding, error }: { finding: { status: boolean; message: string } | undefined; error: Error | null }) {
  if (finding === undefined && error === null) return null;
  const isGood = finding?.status === true;
  return (
    <span
      role="status"
      className={cx('flex items-start gap-1 text-xs break-words whitespace-normal', isGood ? 'text-good' : 'text-danger')}
    >
      {isGood ? (
        <CircleCheck size={13} className="mt-0.5 shrink-0" aria-hidden />
      ) : (
        <CircleX size={13} className="mt-0.5 shrink-0" aria-hidden />
      )}
      <span className="min-w-0">{finding?.message ?? error?.message}</span>
    </span>
  );
}
