import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Field, Input } from '#ui-kit/fields.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import { AffectedList } from './affected-list.tsx';
import { type BulkRunAct, type BulkVerb, isClear, useBulkAct, useBulkDryRun } from './bulk-run-requests.ts';

const VERBS = [
  { value: 'clear', label: 'Clear all' },
  { value: 'clear_failed', label: 'Clear failed' },
  { value: 'success', label: 'Mark success' },
  { value: 'failed', label: 'Mark failed' },
  { value: 'delete', label: 'Delete' },
] as const;

const EFFECTS: Readonly<Record<BulkVerb, string>> = {
  clear: 'Every task of these runs runs again.',
  clear_failed: 'What failed in these runs, and what was left out because of it, runs again.',
  success: 'These runs and their unfinished tasks count as done; running attempts are stopped.',
  failed: 'These runs count as failed; running attempts are stopped, what has not started is skipped.',
  delete: 'These runs are gone, with their task instances, results and history. Runs that are running are left alone.',
};

const DONE: Readonly<Record<BulkVerb, string>> = {
  clear: 'cleared',
  clear_failed: 'cleared of what failed',
  success: 'marked success',
  failed: 'marked failed',
  delete: 'deleted',
};

/** Clear, mark or delete several runs. A clear lists first what it will touch. */
export function BulkRunDialog({
  runs,
  onClose,
  onDone,
}: {
  runs: readonly { readonly dagId: string; readonly runId: string }[];
  onClose: () => void;
  onDone: () => void;
}) {
  const [act, setAct] = useState<BulkRunAct>({ runs, verb: 'clear', isOnLatest: false, note: '' });
  const dryRun = useBulkDryRun({ ...act, note: '' });
  const doIt = useBulkAct();
  const toast = useToast();
  const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  const refused = doIt.data ?? [];
  const submit = () =>
    doIt.mutate(act, {
      onSuccess: (errors) => {
        if (errors.length > 0) return;
        toast({ tone: 'good', title: `${count} ${DONE[act.verb]}` });
        onDone();
      },
    });
  return (
    <Dialog
      title={`Change ${count}`}
      description={EFFECTS[act.verb]}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{refused.length > 0 ? 'Close' : 'Cancel'}</Button>
          <Button
            variant={act.verb === 'delete' ? 'danger' : 'primary'}
            isBusy={doIt.isPending}
            disabled={isClear(act.verb) && (dryRun.data?.total_entries === 0 || dryRun.isPlaceholderData)}
            onClick={submit}
          >
            {VERBS.find((verb) => verb.value === act.verb)?.label} · {count}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {doIt.error === null && refused.length === 0 ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {doIt.error?.message ?? refused.join(' ')}
          </p>
        )}
        <Segmented label="What to do" options={VERBS} value={act.verb} onChange={(verb) => setAct({ ...act, verb })} />
        {isClear(act.verb) ? (
          <>
            <label className="flex items-center gap-2 text-sm">
              <input
                type="checkbox"
                checked={act.isOnLatest}
                onChange={(event) => setAct({ ...act, isOnLatest: event.target.checked })}
                className="size-4 accent-[var(--accent)]"
              />
              On the newest version of the DAG
            </label>
            <AffectedList dryRun={dryRun} />
          </>
        ) : null}
        {act.verb === 'delete' ? null : (
          <Field label="Note" hint={isClear(act.verb) ? 'Kept with the task instances.' : 'Kept with the runs.'}>
            <Input value={act.note} maxLength={1000} onChange={(event) => setAct({ ...act, note: event.target.value })} />
          </Field>
        )}
      </div>
    </Dialog>
  );
}
