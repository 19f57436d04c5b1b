import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { type RunVerb, useAct, useDryRun } from './act-requests.ts';
import { AffectedList } from './affected-list.tsx';

const VERBS = [
  { value: 'clear', label: 'Clear all' },
  { value: 'clear_failed', label: 'Clear failed' },
  { value: 'success', label: 'Mark success' },
  { value: 'failed', label: 'Mark failed' },
] as const;

const WORDS: Readonly<Record<RunVerb, { effect: string; button: string; done: string }>> = {
  clear: { effect: 'Every task of this run runs again.', button: 'Clear all', done: 'Run cleared' },
  clear_failed: {
    effect: 'What failed, and what was left out because of it, runs again. The rest keeps its result.',
    button: 'Clear failed',
    done: 'Failed tasks cleared',
  },
  success: {
    effect: 'The run and its unfinished tasks count as done; running attempts are stopped.',
    button: 'Mark success',
    done: 'Run marked success',
  },
  failed: {
    effect: 'The run counts as failed; running attempts are stopped, what has not started is skipped.',
    button: 'Mark failed',
    done: 'Run marked failed',
  },
};

/** Clear or mark a whole run. */
export function RunActDialog({
  dagId,
  runId,
  verb: firstVerb,
  onClose,
}: {
  dagId: string;
  runId: string;
  verb: RunVerb;
  onClose: () => void;
}) {
  const [verb, setVerb] = useState<RunVerb>(firstVerb);
  const [isOnLatest, setOnLatest] = useState(false);
  const act = { kind: 'run', dagId, runId, verb, isOnLatest } as const;
  const dryRun = useDryRun(act);
  const doIt = useAct();
  const toast = useToast();
  const { effect, button, done } = WORDS[verb];
  const touchesNothing = dryRun.data?.total_entries === 0;
  const submit = () =>
    doIt.mutate(act, {
      onSuccess: () => {
        toast({ tone: 'good', title: done, detail: runId });
        onClose();
      },
    });
  return (
    <Dialog
      title="Clear or mark this run"
      description={effect}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={doIt.isPending} disabled={touchesNothing || dryRun.isPending} onClick={submit}>
            {button}
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
        <Segmented label="What to do" options={VERBS} value={verb} onChange={setVerb} />
        {verb === 'clear' || verb === 'clear_failed' ? (
          <label className="flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={isOnLatest}
              onChange={(event) => setOnLatest(event.target.checked)}
              className="size-4 accent-[var(--accent)]"
            />
            On the newest version of the DAG
          </label>
        ) : null}
        <AffectedList dryRun={dryRun} />
      </div>
    </Dialog>
  );
}
