import { Check, CircleAlert, X } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { Spinner } from '#ui-kit/spinner.tsx';
import type { WorkerView } from '../../../api/types.ts';
import type { useControl, Wish } from '../api/control.ts';

type Control = ReturnType<typeof useControl>;
type Stage = 'sent' | 'accepted' | 'done' | 'no_answer' | 'refused';

const STEPS = ['sent', 'accepted', 'done'] as const;
const STEP_WORDS = { sent: 'Sent', accepted: 'Accepted', done: 'Done' } as const;

/** How far the last wish has come: sent → accepted → done, or "no answer in 3 s". */
export function ControlProgress({ worker, control }: { worker: WorkerView; control: Control }) {
  if (control.status === 'idle') return null;
  const stage = stageOf(worker, control);
  const reached = (STEPS as readonly Stage[]).indexOf(stage);
  const isBad = stage === 'no_answer' || stage === 'refused';
  return (
    <div
      role="status"
      className={cx(
        'flex items-center gap-4 rounded-xl border px-4 py-2.5',
        isBad ? 'border-warning-line bg-warning-soft' : 'border-line bg-surface shadow-1',
      )}
    >
      <span className="font-medium">{wordsOf(control.variables)}</span>
      {isBad ? (
        <span className="flex items-center gap-2 text-warning">
          <CircleAlert size={15} /> {stage === 'refused' ? 'Refused' : 'No answer in 3 s'}
        </span>
      ) : (
        <ol className="flex items-center gap-2 text-xs">
          {STEPS.map((step, index) => (
            <li key={step} className={cx('flex items-center gap-1.5', index > reached && 'text-ink-3')}>
              {index > 0 ? <span className="mr-0.5 h-px w-5 bg-line-strong" /> : null}
              {index <= reached ? (
                <Check size={14} className="text-good" />
              ) : index === reached + 1 ? (
                <Spinner size={13} />
              ) : (
                <span className="size-1.5 rounded-full bg-line-strong" />
              )}
              {STEP_WORDS[step]}
            </li>
          ))}
        </ol>
      )}
      <span className="min-w-0 flex-1 truncate text-ink-2" title={detailOf(control)}>
        {detailOf(control)}
      </span>
      <Button variant="ghost" size="sm" aria-label="Dismiss" icon={<X size={14} />} onClick={() => control.reset()} />
    </div>
  );
}

function stageOf(worker: WorkerView, control: Control): Stage {
  if (control.isError) return 'refused';
  if (control.data === undefined) return 'sent';
  if (control.data.outcome === 'done' || isSo(worker, control.variables)) return 'done';
  return control.data.outcome;
}

/** The wish may come true after the answer: the page goes on looking. */
function isSo(worker: WorkerView, wish: Wish | undefined): boolean {
  if (wish === undefined) return false;
  if ('patch' in wish) return wish.patch.slots === undefined || wish.patch.slots === worker.slots;
  const target = { pause: ['paused'], resume: ['online'], drain: ['draining', 'stopped'], stop: ['stopped'] }[wish.verb];
  return target.includes(worker.status);
}

const VERB_WORDS = { pause: 'Pause', resume: 'Resume', drain: 'Drain', stop: 'Stop' } as const;

function wordsOf(wish: Wish | undefined): string {
  if (wish === undefined) return '';
  return 'verb' in wish ? VERB_WORDS[wish.verb] : `Set ${wish.patch.slots} slots`;
}

function detailOf(control: Control): string {
  if (control.isError) return control.error.message;
  if (control.data === undefined) return 'Waiting for the worker to say so.';
  return control.data.outcome === 'done' ? `The worker reported it after ${control.data.tookMs} ms.` : control.data.message;
}
