import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { counted } from '#ui-kit/counted.ts';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Field, Input, Select } from '#ui-kit/fields.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiDag } from '../../../ui-api/types.ts';
import { usePauseDag } from '../api/actions.ts';
import { ParamsAsForm, ParamsAsJson } from '../trigger/params-editor.tsx';
import { type ParamsForm, useParams } from '../trigger/use-params.ts';
import { BackfillDateList } from './backfill-date-list.tsx';
import { type BackfillEntries, firstEntries, type ReadBackfill, readEntries } from './backfill-form.ts';
import { useBackfillDates, useStartBackfill } from './backfill-requests.ts';

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Runs a DAG for dates of the past; what it would run is listed while the form is filled in. */
export function BackfillDialog({ dag, onClose }: { dag: UiDag; onClose: () => void }) {
  const [entries, setEntries] = useState<BackfillEntries>(() => firstEntries(new Date(), dag.nextRuns));
  const [unpauses, setUnpauses] = useState(dag.isPaused);
  const params = useParams(dag, undefined);
  const read = readEntries(dag.dagId, entries, params.conf);
  const dates = useBackfillDates(read.body);
  const start = useStartBackfill();
  const pause = usePauseDag();
  const toast = useToast();
  const count = read.body === null || dates.error !== null ? 0 : (dates.data?.total_entries ?? 0);
  const submit = () => {
    if (read.body === null) return;
    start.mutate(read.body, {
      onSuccess: () => {
        if (dag.isPaused && unpauses) pause.mutate({ dagId: dag.dagId, isPaused: false });
        toast({ tone: 'good', title: `Backfill of ${dag.dagId} started`, detail: counted(count, 'run') });
        onClose();
      },
    });
  };
  return (
    <Dialog
      title={`Backfill ${dag.dagId}`}
      description="Runs the dates of its schedule that lie in a range of the past."
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={start.isPending} disabled={count === 0 || dates.isPlaceholderData} onClick={submit}>
            {count === 0 ? 'Start' : `Start ${count.toLocaleString('en')} ${count === 1 ? 'run' : 'runs'}`}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {start.error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {start.error.message}
          </p>
        )}
        <Range entries={entries} errors={read.errors} onChange={setEntries} />
        <BackfillDateList dates={dates} />
        <Params params={params} hasSchema={dag.paramsSchema !== null} />
        {dag.isPaused ? (
          <label className="flex items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              checked={unpauses}
              onChange={(event) => setUnpauses(event.target.checked)}
              className="size-4 accent-[var(--accent)]"
            />
            Unpause {dag.dagId}: while it is paused, no run starts
          </label>
        ) : null}
      </div>
    </Dialog>
  );
}

interface RangeProps {
  readonly entries: BackfillEntries;
  readonly errors: ReadBackfill['errors'];
  readonly onChange: (entries: BackfillEntries) => void;
}

function Range({ entries, errors, onChange }: RangeProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="From" hint={`In ${ZONE}.`} error={errors.from}>
        <Input type="datetime-local" value={entries.from} onChange={(event) => onChange({ ...entries, from: event.target.value })} />
      </Field>
      <Field label="To" hint="Itself included." error={errors.to}>
        <Input type="datetime-local" value={entries.to} onChange={(event) => onChange({ ...entries, to: event.target.value })} />
      </Field>
      <Field label="Dates that have a run">
        <Select
          className="w-full"
          value={entries.reprocess}
          onChange={(event) => onChange({ ...entries, reprocess: event.target.value as BackfillEntries['reprocess'] })}
        >
          <option value="none">Leave them alone</option>
          <option value="failed">Run failed ones again</option>
          <option value="completed">Run all of them again</option>
        </Select>
      </Field>
      <Field label="Runs at once" hint="Beside those of the DAG." error={errors.maxActiveRuns}>
        <Input
          type="number"
          min={1}
          max={1000}
          value={entries.maxActiveRuns}
          onChange={(event) => onChange({ ...entries, maxActiveRuns: event.target.value })}
        />
      </Field>
      <div className="sm:col-span-2">
        <Segmented
          label="Order"
          value={entries.runBackwards ? 'newest' : 'oldest'}
          onChange={(order) => onChange({ ...entries, runBackwards: order === 'newest' })}
          options={[
            { value: 'oldest', label: 'Oldest first' },
            { value: 'newest', label: 'Newest first' },
          ]}
        />
      </div>
    </div>
  );
}

function Params({ params, hasSchema }: { params: ParamsForm; hasSchema: boolean }) {
  return (
    <details className="group rounded-lg border border-line">
      <summary className="flex list-none items-center gap-2 rounded-lg px-3 py-2 text-sm text-ink-2 hover:text-ink">
        <ChevronRight size={14} className="transition-transform group-open:rotate-90" />
        Params of the runs
      </summary>
      <div className="px-3 pt-1 pb-3.5">
        {params.fields.length === 0 ? <ParamsAsJson params={params} hasSchema={hasSchema} /> : <ParamsAsForm params={params} />}
      </div>
    </details>
  );
}
