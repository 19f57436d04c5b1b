import type { ReactNode } from 'react';
import { cx } from './class-names.ts';

export type BadgeTone = 'neutral' | 'accent' | 'danger' | 'warning' | 'good';

const TONES: Readonly<Record<BadgeTone, string>> = {
  neutral: 'bg-hover text-ink-2 border-line',
  accent: 'bg-accent-soft text-accent-strong border-accent-line',
  danger: 'bg-danger-soft text-danger border-danger-line',
  warning: 'bg-warning-soft text-warning border-warning-line',
  good: 'bg-good-soft text-good border-transparent',
};

/** A short label: a tag, a version, a count. */
export function Badge({
  tone = 'neutral',
  mono = false,
  icon,
  children,
  className,
}: {
  tone?: BadgeTone;
  mono?: boolean;
  icon?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cx(
        'inline-flex h-5 max-w-full shrink-0 items-center gap-1 rounded-[5px] border px-1.5 text-2xs font-medium whitespace-nowrap',
        mono && 'font-mono',
        TONES[tone],
        className,
      )}
    >
      {icon}
      {children}
    </span>
  );
}
