import { cx } from './class-names.ts';

/** A thin bar: how much of something is used or done. `isMoving` makes it a rope that is being hauled. */
export function Meter({
  label,
  value,
  max,
  color = 'var(--st-running)',
  isMoving = false,
  className,
}: {
  label: string;
  value: number;
  max: number;
  color?: string;
  isMoving?: boolean;
  className?: string;
}) {
  const share = max <= 0 ? 0 : Math.min(1, value / max);
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={max}
      className={cx('h-1.5 overflow-hidden rounded-full bg-press', className)}
    >
      <div
        className={cx('h-full rounded-full transition-[width] duration-300', isMoving && 'wl-rope')}
        style={{ width: `${share * 100}%`, backgroundColor: color }}
      />
    </div>
  );
}
