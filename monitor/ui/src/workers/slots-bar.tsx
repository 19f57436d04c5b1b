import { cx } from '#ui-kit/class-names.ts';

/** More slots than this are drawn as one bar instead of one cell each. */
const MAX_CELLS = 16;

/** Slots as cells, the used ones hauled like a rope: "5/8" can be seen before it is read. */
export function SlotsBar({ used, total, isLive = true, className }: { used: number; total: number; isLive?: boolean; className?: string }) {
  const isFull = used >= total && total > 0;
  const color = isFull ? 'var(--accent)' : 'var(--st-running)';
  return (
    <span className={cx('inline-flex items-center gap-2', className)}>
      <span
        role="img"
        aria-label={`${used} of ${total} slots used`}
        className="inline-flex h-2.5 w-[88px] shrink-0 gap-[2px] overflow-hidden rounded-[3px]"
      >
        {total <= MAX_CELLS ? (
          <Cells used={used} total={total} color={color} isLive={isLive} />
        ) : (
          <OneBar share={used / total} color={color} isLive={isLive} />
        )}
      </span>
      <span className="text-xs whitespace-nowrap tabular-nums">
        <span className={used > 0 ? 'font-medium text-ink' : 'text-ink-3'}>{used}</span>
        <span className="text-ink-3">/{total}</span>
      </span>
    </span>
  );
}

function Cells({ used, total, color, isLive }: { used: number; total: number; color: string; isLive: boolean }) {
  // A shrunk worker may still run more than it has slots now.
  return Array.from({ length: Math.max(total, Math.min(used, MAX_CELLS)) }, (_, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its number
      key={index}
      className={cx('h-full flex-1', index < used ? isLive && 'wl-rope' : 'bg-press')}
      style={index < used ? { backgroundColor: color } : undefined}
    />
  ));
}

function OneBar({ share, color, isLive }: { share: number; color: string; isLive: boolean }) {
  return (
    <span className="h-full flex-1 bg-press">
      <span className={cx('block h-full', isLive && 'wl-rope')} style={{ width: `${Math.min(1, share) * 100}%`, backgroundColor: color }} />
    </span>
  );
}
