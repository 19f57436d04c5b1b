import { CircleAlert, Hourglass, Info } from 'lucide-react';
import { cx } from '#ui-kit/class-names.ts';
import type { UiTaskInstance } from '../../../ui-api/types.ts';

const QUIET: ReadonlySet<string> = new Set(['success', 'running']);

/** Why the instance is not running, as sentences; else the reason of its state when there is one. */
export function WhyWaiting({ instance }: { instance: UiTaskInstance }) {
  const { waitingFor, reason, state } = instance;
  if (waitingFor.length > 0)
    return (
      <section
        aria-label="Waiting for"
        className="flex items-start gap-2.5 rounded-lg border border-warning-line bg-warning-soft px-3.5 py-2.5"
      >
        <Hourglass size={14} className="mt-[3px] shrink-0 text-warning" />
        <ul className="min-w-0">
          {waitingFor.map((sentence) => (
            <li key={sentence} className="break-words">
              {sentence}
            </li>
          ))}
        </ul>
      </section>
    );
  if (reason === null || QUIET.has(state)) return null;
  const isBad = state === 'failed' || state === 'up_for_retry';
  const Icon = isBad ? CircleAlert : Info;
  return (
    <p className={cx('flex items-start gap-2 break-words', isBad ? 'text-danger' : 'text-ink-2')}>
      <Icon size={14} className={cx('mt-[3px] shrink-0', !isBad && 'text-ink-3')} />
      <span>{reason}</span>
    </p>
  );
}
