import { Minus, Pause, Play, Plus, Power, TimerReset } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { WorkerView } from '../../../api/types.ts';
import type { useControl } from '../api/control.ts';
import { useMayControl } from '../api/session.ts';

type Control = ReturnType<typeof useControl>;

/** Pause or resume, drain, stop. What cannot be taken back asks first. */
export function WorkerControls({ worker, control }: { worker: WorkerView; control: Control }) {
  const mayControl = useMayControl();
  const [asking, setAsking] = useState<'drain' | 'stop' | null>(null);
  if (worker.status === 'stopped') return null;
  const isOff = !mayControl || control.isPending;
  const isHalted = worker.status === 'paused' || worker.status === 'draining';
  const buttons = (
    <span className="flex flex-wrap gap-2">
      {isHalted ? (
        <Button icon={<Play size={14} />} disabled={isOff} onClick={() => control.mutate({ verb: 'resume' })}>
          Resume
        </Button>
      ) : (
        <Button icon={<Pause size={14} />} disabled={isOff} onClick={() => control.mutate({ verb: 'pause' })}>
          Pause
        </Button>
      )}
      <Button icon={<TimerReset size={14} />} disabled={isOff || worker.status === 'draining'} onClick={() => setAsking('drain')}>
        Drain
      </Button>
      <Button variant="danger" icon={<Power size={14} />} disabled={isOff} onClick={() => setAsking('stop')}>
        Stop
      </Button>
    </span>
  );
  return (
    <>
      {mayControl ? buttons : <Tooltip content="Controlling workers needs the role op or admin.">{buttons}</Tooltip>}
      {asking === null ? null : (
        <ConfirmDialog
          verb={asking}
          worker={worker}
          onClose={() => setAsking(null)}
          onConfirm={() => {
            control.mutate({ verb: asking });
            setAsking(null);
          }}
        />
      )}
    </>
  );
}

const CONSEQUENCES = {
  drain: { title: 'Drain', text: 'It takes no new tasks and finishes the ones it runs. Then it idles until somebody resumes or stops it.' },
  stop: {
    title: 'Stop',
    text: 'It takes no new tasks, gives the running ones a short time to finish, hands the rest back to the queue, and exits.',
  },
} as const;

function ConfirmDialog({
  verb,
  worker,
  onClose,
  onConfirm,
}: {
  verb: 'drain' | 'stop';
  worker: WorkerView;
  onClose: () => void;
  onConfirm: () => void;
}) {
  const { title, text } = CONSEQUENCES[verb];
  const inHand = worker.tasks.length;
  return (
    <Dialog
      title={`${title} ${worker.workerId}?`}
      width="sm"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={verb === 'stop' ? 'danger' : 'primary'} autoFocus onClick={onConfirm}>
            {title} it
          </Button>
        </>
      }
    >
      <p className="text-ink-2">{text}</p>
      <p className="mt-2">
        {inHand === 0 ? 'It runs nothing right now.' : `It runs ${inHand} ${inHand === 1 ? 'task' : 'tasks'} right now.`}
      </p>
    </Dialog>
  );
}

const MAX_SLOTS = 512;
/** Quick clicks become one wish. */
const SETTLE_MS = 500;

/** Slots as a stepper: clicks add up for a moment, then one wish is sent. */
export function SlotsStepper({ worker, control }: { worker: WorkerView; control: Control }) {
  const mayControl = useMayControl();
  const [wanted, setWanted] = useState<number | null>(null);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  if (!mayControl || worker.status === 'stopped') return null;
  const shown = wanted ?? worker.slots;
  const send = (slots: number) => {
    if (slots === worker.slots) setWanted(null);
    else control.mutate({ patch: { slots } }, { onSettled: () => setWanted(null) });
  };
  const step = (by: number) => {
    const slots = Math.min(MAX_SLOTS, Math.max(1, shown + by));
    setWanted(slots);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => send(slots), SETTLE_MS);
  };
  return (
    <fieldset aria-label="Slots" className="inline-flex h-8 items-center rounded-lg border border-line-strong bg-surface shadow-1">
      <Button
        variant="ghost"
        size="sm"
        aria-label="One slot less"
        icon={<Minus size={14} />}
        disabled={shown <= 1}
        onClick={() => step(-1)}
      />
      <output className={`min-w-[72px] px-1 text-center text-sm tabular-nums ${wanted === null ? '' : 'font-medium text-accent'}`}>
        {shown} {shown === 1 ? 'slot' : 'slots'}
      </output>
      <Button
        variant="ghost"
        size="sm"
        aria-label="One slot more"
        icon={<Plus size={14} />}
        disabled={shown >= MAX_SLOTS}
        onClick={() => step(1)}
      />
    </fieldset>
  );
}
