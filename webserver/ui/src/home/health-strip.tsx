import { CircleAlert, CircleCheck, CircleMinus, type LucideIcon } from 'lucide-react';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { UiHome } from '../../../ui-api/types.ts';

type Health = UiHome['health'][number];

const LOOKS: Readonly<Record<Health['status'], { icon: LucideIcon; className: string; word: string }>> = {
  healthy: { icon: CircleCheck, className: 'text-good', word: 'healthy' },
  unhealthy: { icon: CircleAlert, className: 'text-danger', word: 'unhealthy' },
  absent: { icon: CircleMinus, className: 'text-ink-3', word: 'absent' },
};

/** One line that says whether all parts are alive; the detail shows where there is something to say. */
export function HealthStrip({ health, workers }: { health: readonly Health[]; workers: UiHome['workers'] }) {
  const workerHealth: Health = {
    name: 'Workers',
    status: workers.online > 0 ? 'healthy' : 'unhealthy',
    detail:
      workers.online > 0
        ? `${workers.online} online, ${workers.running} of ${workers.slots} slots in use`
        : 'No worker is online: queued tasks will wait. Start one with "windlass worker".',
  };
  const parts = health.some((part) => part.name.toLowerCase().startsWith('worker')) ? health : [...health, workerHealth];
  return (
    <ul aria-label="Health" className="flex flex-wrap gap-x-6 gap-y-2 rounded-xl border border-line bg-surface px-4 py-2.5 shadow-1">
      {parts.map((part) => (
        <HealthPart key={part.name} part={part} />
      ))}
    </ul>
  );
}

function HealthPart({ part }: { part: Health }) {
  const { icon: Icon, className, word } = LOOKS[part.status];
  return (
    <li className="min-w-0">
      <Tooltip content={part.detail === '' ? word : part.detail}>
        <span className="flex min-w-0 items-center gap-1.5">
          <Icon size={14} strokeWidth={2.2} role="img" aria-label={word} className={className} />
          <span className="font-medium whitespace-nowrap">{titleOf(part.name)}</span>
          <span className={part.status === 'unhealthy' ? 'truncate text-danger' : 'truncate text-ink-3 max-md:hidden'}>{part.detail}</span>
        </span>
      </Tooltip>
    </li>
  );
}

/** "dag_processor" → "Dag processor" */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
