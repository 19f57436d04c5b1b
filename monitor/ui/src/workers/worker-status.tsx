import { CircleCheck, CircleDashed, CirclePause, CircleX, type LucideIcon, TimerReset } from 'lucide-react';
import type { WorkerStatus } from '../../../api/types.ts';

interface StatusLook {
  readonly word: string;
  readonly icon: LucideIcon;
  readonly color: string;
  readonly meaning: string;
}

/** How each status of a worker looks; icon and word, never colour alone. */
export const STATUS_LOOKS: Readonly<Record<WorkerStatus, StatusLook>> = {
  online: { word: 'Online', icon: CircleCheck, color: 'var(--st-success)', meaning: 'It sends heartbeats and takes tasks.' },
  paused: { word: 'Paused', icon: CirclePause, color: 'var(--st-up_for_retry)', meaning: 'It takes no new tasks; running ones go on.' },
  draining: {
    word: 'Draining',
    icon: TimerReset,
    color: 'var(--st-deferred)',
    meaning: 'It finishes what it runs and takes no more.',
  },
  lost: {
    word: 'Lost',
    icon: CircleX,
    color: 'var(--st-failed)',
    meaning: 'It has missed three heartbeats. Its tasks are rescued when their leases run out.',
  },
  stopped: { word: 'Stopped', icon: CircleDashed, color: 'var(--st-none)', meaning: 'It was stopped and said goodbye.' },
};

/** The order problems are listed in. */
export const STATUS_ORDER: readonly WorkerStatus[] = ['lost', 'draining', 'paused', 'online', 'stopped'];

/** Icon and word of a worker's status on its tint. */
export function WorkerStatusPill({ status }: { status: WorkerStatus }) {
  const { word, icon: Icon, color, meaning } = STATUS_LOOKS[status];
  return (
    <span
      title={meaning}
      data-status={status}
      className="inline-flex h-[22px] shrink-0 items-center gap-1.5 rounded-full px-2 font-sans text-xs font-medium whitespace-nowrap"
      style={{
        backgroundColor: `color-mix(in oklab, ${color} 13%, var(--surface))`,
        boxShadow: `inset 0 0 0 1px color-mix(in oklab, ${color} 34%, transparent)`,
      }}
    >
      <Icon size={12} strokeWidth={2.4} style={{ color }} />
      {word}
    </span>
  );
}
