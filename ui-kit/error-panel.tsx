import { RotateCw, TriangleAlert } from 'lucide-react';
import { Button } from './button.tsx';

/** A read that failed: the server's words and a way to try again. */
export function ErrorPanel({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex items-start gap-3 rounded-xl border border-danger-line bg-danger-soft px-4 py-3">
      <TriangleAlert size={16} className="mt-0.5 shrink-0 text-danger" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">This could not be loaded</p>
        <p className="break-words text-ink-2">{error.message}</p>
      </div>
      {onRetry === undefined ? null : (
        <Button size="sm" icon={<RotateCw size={13} />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
