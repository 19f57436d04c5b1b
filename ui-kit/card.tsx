import type { ReactNode } from 'react';
import { cx } from './class-names.ts';

/** A box with a hairline. With a title it is a labelled region. */
export function Card({
  title,
  actions,
  children,
  className,
  bodyClassName,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  bodyClassName?: string;
}) {
  return (
    <section className={cx('min-w-0 rounded-xl border border-line bg-surface shadow-1', className)}>
      {title === undefined ? null : (
        <header className="flex h-11 items-center justify-between gap-3 border-b border-line px-4">
          <h2 className="truncate text-sm font-semibold tracking-[-0.01em]">{title}</h2>
          {actions}
        </header>
      )}
      <div className={bodyClassName}>{children}</div>
    </section>
  );
}

/** A number with its name: the unit of a health strip. `children` may hold a sparkline or a note. */
export function Stat({
  label,
  value,
  note,
  tone = 'ink',
  children,
}: {
  label: ReactNode;
  value: ReactNode;
  note?: ReactNode;
  tone?: 'ink' | 'danger' | 'warning' | 'good' | 'quiet';
  children?: ReactNode;
}) {
  const tones = { ink: 'text-ink', danger: 'text-danger', warning: 'text-warning', good: 'text-good', quiet: 'text-ink-3' } as const;
  return (
    <div className="flex min-w-0 flex-col gap-0.5 px-4 py-3">
      <span className="flex items-center gap-1.5 truncate text-xs text-ink-3">{label}</span>
      <span className={cx('text-xl font-semibold tracking-[-0.02em] tabular-nums', tones[tone])}>{value}</span>
      {note === undefined ? null : <span className="truncate text-xs text-ink-3">{note}</span>}
      {children}
    </div>
  );
}
