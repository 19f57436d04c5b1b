import { ChevronLeft, ChevronRight } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';

/** "1–50 of 312" with steps; shows nothing while everything fits on one page. */
export function Pager({
  offset,
  limit,
  total,
  onOffset,
}: {
  offset: number;
  limit: number;
  total: number;
  onOffset: (offset: number) => void;
}) {
  if (total <= limit && offset === 0) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 border-t border-line px-4 py-2 text-xs text-ink-2">
      <span className="tabular-nums">
        {Math.min(offset + 1, total)}–{Math.min(offset + limit, total)} of {total}
      </span>
      <Button
        size="sm"
        aria-label="Previous page"
        icon={<ChevronLeft size={14} />}
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - limit))}
      />
      <Button
        size="sm"
        aria-label="Next page"
        icon={<ChevronRight size={14} />}
        disabled={offset + limit >= total}
        onClick={() => onOffset(offset + limit)}
      />
    </nav>
  );
}
