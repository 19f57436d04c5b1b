import type { ReactNode } from 'react';
import { cx } from '#ui-kit/class-names.ts';

/** One choice of a filter row, with how many it would show. */
export function FilterButton({
  icon,
  label,
  count,
  isActive,
  onClick,
}: {
  icon?: ReactNode;
  label: string;
  count?: number | undefined;
  isActive: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      aria-pressed={isActive}
      onClick={onClick}
      className={cx(
        'inline-flex h-8 items-center gap-1.5 rounded-lg border px-2.5 text-xs font-medium whitespace-nowrap transition-colors',
        isActive ? 'border-line-strong bg-raised text-ink shadow-1' : 'border-transparent text-ink-2 hover:bg-hover hover:text-ink',
      )}
    >
      {icon}
      <span className="first-letter:uppercase">{label}</span>
      {count === undefined ? null : <span className="font-normal text-ink-3 tabular-nums">{count.toLocaleString('en')}</span>}
    </button>
  );
}
