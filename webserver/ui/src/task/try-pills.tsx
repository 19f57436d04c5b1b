import { cx } from '#ui-kit/class-names.ts';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import type { UiAttempt } from '../../../ui-api/types.ts';

/** The state an attempt's outcome amounts to; an attempt without one still runs. */
export function outcomeState(outcome: string | null): string {
  if (outcome === null) return 'running';
  if (outcome === 'retry' || outcome === 'lost' || outcome === 'timeout') return 'failed';
  return outcome;
}

/** One pill a try; the newest is last. Hidden while there is only one. */
export function TryPills({
  attempts,
  selected,
  onSelect,
}: {
  attempts: readonly UiAttempt[];
  selected: number;
  onSelect: (tryNumber: number) => void;
}) {
  const byTry = new Map(attempts.map((attempt) => [attempt.tryNumber, attempt]));
  if (byTry.size < 2) return null;
  return (
    <fieldset aria-label="Tries" className="inline-flex max-w-full gap-0.5 overflow-x-auto rounded-lg border border-line bg-sunken p-0.5">
      {[...byTry.values()].map((attempt) => (
        <button
          key={attempt.tryNumber}
          type="button"
          aria-pressed={attempt.tryNumber === selected}
          onClick={() => onSelect(attempt.tryNumber)}
          className={cx(
            'inline-flex h-6 items-center gap-1.5 rounded-md px-2 text-xs font-medium whitespace-nowrap',
            attempt.tryNumber === selected ? 'bg-raised text-ink shadow-1' : 'text-ink-3 hover:text-ink',
          )}
        >
          <StateIcon state={outcomeState(attempt.outcome)} size={12} />
          Try {attempt.tryNumber}
        </button>
      ))}
    </fieldset>
  );
}
