import { CircleAlert, CircleCheck, CircleMinus, type LucideIcon } from 'lucide-react';
import { cx } from '#ui-kit/class-names.ts';
import type { UiHome } from '../../../ui-api/types.ts';

type Health = UiHome['health'][number];

const LOOKS: Readonly<Record<Health['status'], { icon: LucideIcon; className: string; word: string }>> = {
  healthy: { icon: CircleCheck, className: 'text-good', word: 'healthy' },
  unhealthy: { icon: CircleAlert, className: 'text-danger', word: 'unhealthy' },
  absent: { icon: CircleMinus, className: 'text-ink-3', word: 'absent' },
};

/** One line that says whether all parts are alive; the detail shows where there is something to say. */
export function HealthStrip({ health, workers }: { health: readonly Health[]; workers: UiHome['workers'] }) {
  const parts = health.map((part) =>
    part.name === 'Workers' && part.status === 'healthy' ? { ...part, detail: workerDetail(workers) } : part,
  );
  return (
    <ul
      aria-label="Health"
      className="grid grid-cols-2 overflow-hidden rounded-xl border border-line bg-surface shadow-1 sm:grid-cols-3 xl:grid-cols-[repeat(auto-fit,minmax(150px,1fr))] xl:divide-x xl:divide-line"
    >
      {parts.map((part) => (
        <HealthPart key={part.name} part={part} />
      ))}
    </ul>
  );
}

function workerDetail({ online, running, slots }: UiHome['workers']): string {
  return `${online} online, ${running} of ${slots} slots in use`;
}

function HealthPart({ part }: { part: Health }) {
  const { icon: Icon, className, word } = LOOKS[part.status];
  return (
    <li className="min-w-0 px-4 py-2.5">
      <p className="flex items-center gap-1.5">
        <Icon size={14} strokeWidth={2.2} role="img" aria-label={word} className={cx('shrink-0', className)} />
        <span className="truncate font-medium">{titleOf(part.name)}</span>
      </p>
      <p title={part.detail} className={cx('truncate text-xs', part.status === 'unhealthy' ? 'text-danger' : 'text-ink-3')}>
        {part.detail === '' ? word : part.detail}
      </p>
    </li>
  );
}

/** "dag_processor" → "DAG processor" */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.replace(/^dag\b/i, 'DAG').replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
