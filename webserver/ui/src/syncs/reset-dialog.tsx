import { useState } from 'react';
import { type ResettableStream, safeRows, wordsOfReset } from '#core/sync/reset-words.ts';
import type { SyncResetRows } from '#core/sync/sync-report.ts';
import { Button } from '#ui-kit/button.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { Dialog } from '#ui-kit/dialog.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { type RestSync, useResetSync } from './sync-requests.ts';

const CHOICES = [
  { rows: 'keep', label: 'Keep the rows' },
  { rows: 'remove', label: 'Remove the rows' },
] as const satisfies readonly { rows: SyncResetRows; label: string }[];

/** Says what a reset does before it is asked for. `known`: what the stream's destination says of itself. */
export function ResetDialog({ sync, known, onClose }: { sync: RestSync; known: ResettableStream; onClose: () => void }) {
  // Neither is taken for granted where neither is harmless.
  const [rows, setRows] = useState<SyncResetRows | null>(safeRows(known.rowsAre));
  const reset = useResetSync(sync.id);
  const toast = useToast();
  const submit = () => {
    if (rows === null) return;
    reset.mutate(rows, {
      onSuccess: () => {
        toast({
          tone: 'good',
          title: 'Reset waits for the next run',
          detail: `${sync.dag_id}.${sync.task_id} begins ${sync.stream} from the start.`,
        });
        onClose();
      },
    });
  };
  return (
    <Dialog
      title={`Reset ${sync.stream}?`}
      description="Nothing happens at once: the next run of its task does it before its first page. Until then it can be withdrawn."
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={rows === 'remove' ? 'danger' : 'primary'} disabled={rows === null} isBusy={reset.isPending} onClick={submit}>
            {rows === 'remove' ? 'Remove rows and reset' : 'Reset'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {reset.error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {reset.error.message}
          </p>
        )}
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-2 text-xs font-medium text-ink-2">What becomes of the rows that are there</legend>
          {CHOICES.map((choice) => (
            <Choice
              key={choice.rows}
              label={choice.label}
              words={wordsOfReset(known, choice.rows)}
              isChosen={rows === choice.rows}
              onChoose={() => setRows(choice.rows)}
            />
          ))}
        </fieldset>
        {sync.dag_is_paused ? (
          <p className="rounded-lg border border-warning-line bg-warning-soft px-3.5 py-2.5">
            The DAG {sync.dag_id} is paused: the reset waits until it runs again.
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}

function Choice({ label, words, isChosen, onChoose }: { label: string; words: string; isChosen: boolean; onChoose: () => void }) {
  return (
    <label
      className={cx(
        'flex cursor-pointer items-start gap-3 rounded-lg border px-3.5 py-3 transition-colors',
        isChosen ? 'border-accent-line bg-accent-soft' : 'border-line hover:bg-hover',
      )}
    >
      <input type="radio" name="rows" checked={isChosen} onChange={onChoose} className="mt-0.5 size-4 shrink-0 accent-[var(--accent)]" />
      <span className="min-w-0">
        <span className="block font-medium">{label}</span>
        <span className="mt-0.5 block text-xs leading-[18px] break-words text-ink-2">{words}</span>
      </span>
    </label>
  );
}
