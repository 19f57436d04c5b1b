import type { ReactNode } from 'react';
import { cx } from '#ui-kit/class-names.ts';

/** An id in the fixed-width face, on the same line as the text beside it; cut when it is too long. */
export function Mono({ children, title, className }: { children: ReactNode; title?: string; className?: string }) {
  return (
    <span title={title} className={cx('inline-block max-w-full truncate align-top font-mono text-xs leading-5', className)}>
      {children}
    </span>
  );
}
