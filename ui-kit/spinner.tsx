import { LoaderCircle } from 'lucide-react';
import { cx } from './class-names.ts';

/** A small turning circle. `label` is read to screen readers; without one it is decoration. */
export function Spinner({ size = 16, label }: { size?: number; label?: string }) {
  return (
    <span className="inline-flex" {...(label === undefined ? { 'aria-hidden': true } : { role: 'status', 'aria-label': label })}>
      <LoaderCircle size={size} className="wl-spin" />
    </span>
  );
}

/** A grey block where text will be. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cx('wl-skeleton', className ?? 'h-4 w-full')} />;
}

/** Rows of skeleton, for tables and lists that load. */
export function SkeletonRows({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing have no identity
        <div key={index} className="flex items-center gap-4">
          <Skeleton className="h-4 w-[34%]" />
          <Skeleton className="h-4 w-[14%]" />
          <Skeleton className="h-4 w-[22%]" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
