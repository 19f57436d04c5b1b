import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Field, Input } from '#ui-kit/fields.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { type TaskAct, type TaskVerb, useAct, useDryRun } from './act-requests.ts';
import { AffectedList } from './affected-list.tsx';

const VERBS = [
  { value: 'clear', label: 'Clear' },
  { value: 'success', label: 'Mark success' },
  { value: 'failed', label: 'Mark failed' },
  { value: 'skipped', label: 'Mark skipped' },
] as const;

const EFFECTS: Readonly<Record<TaskVerb, string>> = {
  clear: 'What is cleared runs again, with all its tries. A finished run goes on.',
  success: 'What is marked counts as done; a running attempt is stopped. What waits for it may start.',
  failed: 'What is marked counts as failed; a running attempt is stopped.',
  skipped: 'What is marked counts as left out; a running attempt is stopped.',
};

type Reach = 'isDownstream' | 'isUpstream' | 'isPast' | 'isFuture' | 'isOnlyFailed' | 'isOnLatest';

const REACHES: readonly { readonly key: Reach; readonly label: string; readonly isForClearOnly: boolean }[] = [
  { key: 'isDownstream', label: 'Tasks after it', isForClearOnly: false },
  { key: 'isUpstream', label: 'Tasks before it', isForClearOnly: false },
  { key: 'isPast', label: 'Earlier runs', isForClearOnly: false },
  { key: 'isFuture', label: 'Later runs', isForClearOnly: false },
  { key: 'isOnlyFailed', label: 'Only what failed', isForClearOnly: true },
  { key: 'isOnLatest', label: 'On the newest version', isForClearOnly: true },
];

interface TaskActDialogProps {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly verb: TaskVerb;
  readonly onClose: () => void;
}

/** Clear or mark one instance and, if wanted, what is around it. Lists what it will touch before it does. */
export function TaskActDialog({ dagId, runId, taskId, mapIndex, verb: firstVerb, onClose }: TaskActDialogProps) {
  const [act, setAct] = useState<TaskAct>({
    kind: 'task',
    dagId,
    runId,
    taskId,
    mapIndex,
    verb: firstVerb,
    isDownstream: firstVerb === 'clear',
    isUpstream: false,
    isPast: false,
    isFuture: false,
    isOnlyFailed: false,
    isOnLatest: false,
    note: '',
  });
  // The note changes nothing about what is touched.
  const dryRun = useDryRun({ ...act, note: '' });
  const doIt = useAct();
  const toast = useToast();
  const count = dryRun.data?.total_entries ?? 0;
  const submit = () =>
    doIt.mutate(act, {
      onSuccess: () => {
        toast({
          tone: 'good',
          title: `${count} task ${count === 1 ? 'instance' : 'instances'} ${act.verb === 'clear' ? 'cleared' : `marked ${act.verb}`}`,
        });
        onClose();
      },
    });
  return (
    <Dialog
      title={`Clear or mark ${taskId}`}
      description={EFFECTS[act.verb]}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={doIt.isPending} disabled={count === 0 || dryRun.isPlaceholderData} onClick={submit}>
            {act.verb === 'clear' ? 'Clear' : `Mark ${act.verb}`} {count === 0 ? '' : count}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {doIt.error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {doIt.error.message}
          </p>
        )}
        <Segmented label="What to do" options={VERBS} value={act.verb} onChange={(verb) => setAct({ ...act, verb })} />
        <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
          <legend className="mb-1.5 text-xs font-medium text-ink-2">Also</legend>
          {REACHES.filter((reach) => act.verb === 'clear' || !reach.isForClearOnly).map(({ key, label }) => (
            <label key={key} className="flex items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={act[key]}
                onChange={(event) => setAct({ ...act, [key]: event.target.checked })}
                className="size-4 accent-[var(--accent)]"
              />
              {label}
            </label>
          ))}
        </fieldset>
        <AffectedList dryRun={dryRun} />
        <Field label="Note" hint="Kept with the task instances.">
          <Input value={act.note} onChange={(event) => setAct({ ...act, note: event.target.value })} />
        </Field>
      </div>
    </Dialog>
  );
}
