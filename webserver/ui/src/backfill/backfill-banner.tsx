import { CalendarRange } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { counted } from '#ui-kit/counted.ts';
import { Dialog } from '#ui-kit/dialog.tsx';
import { Meter } from '#ui-kit/meter.tsx';
import { Instant } from '#ui-kit/time.tsx';
import type { UiBackfill, UiDag } from '../../../ui-api/types.ts';
import { useMayEdit } from '../api/session.ts';
import { useChangeBackfill } from './backfill-requests.ts';

/** How far the active backfill of a DAG is, with the buttons that hold and end it. */
export function BackfillBanner({ dag }: { dag: UiDag }) {
  return dag.activeBackfill === null ? null : <Banner dag={dag} backfill={dag.activeBackfill} />;
}

function Banner({ dag, backfill }: { dag: UiDag; backfill: UiBackfill }) {
  const mayEdit = useMayEdit();
  const change = useChangeBackfill(backfill.backfillId);
  const [asks, setAsks] = useState(false);
  const { runs, running, succeeded, failed, isPaused } = backfill;
  const done = succeeded + failed;
  const moves = !isPaused && !dag.isPaused;
  return (
    <section
      aria-label="Backfill"
      className="mx-4 mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-line bg-sunken px-3.5 py-2.5 md:mx-6"
    >
      <CalendarRange size={15} className="shrink-0 text-ink-3" />
      <p className="min-w-0">
        <span className="font-medium">Backfill</span> <Instant iso={backfill.fromDate} /> to <Instant iso={backfill.toDate} />
      </p>
      {isPaused ? <Badge tone="warning">Paused</Badge> : null}
      <Meter
        label="Runs of the backfill that have ended"
        value={done}
        max={runs}
        color={failed > 0 ? 'var(--st-failed)' : 'var(--st-success)'}
        isMoving={moves && running > 0}
        className="w-40"
      />
      <p className="text-xs text-ink-2 tabular-nums">
        {done.toLocaleString('en')} of {counted(runs, 'run')} ended{failed === 0 ? '' : `, ${failed.toLocaleString('en')} failed`}
        {running === 0 ? '' : ` · ${running} running`}
        {dag.isPaused && running === 0 ? ' · waits: the DAG is paused' : ''}
      </p>
      <span className="flex-1" />
      <Button
        size="sm"
        disabled={!mayEdit}
        isBusy={change.isPending}
        onClick={() => change.mutate(isPaused ? 'unpause' : 'pause')}
        aria-label={isPaused ? 'Go on with the backfill' : 'Pause the backfill'}
      >
        {isPaused ? 'Go on' : 'Pause'}
      </Button>
      <Button size="sm" variant="danger" disabled={!mayEdit} onClick={() => setAsks(true)} aria-label="Cancel the backfill">
        Cancel
      </Button>
      {asks ? (
        <CancelDialog
          dates={runs - done - running}
          onClose={() => setAsks(false)}
          onCancel={() => {
            change.mutate('cancel');
            setAsks(false);
          }}
        />
      ) : null}
    </section>
  );
}

function CancelDialog({ dates, onClose, onCancel }: { dates: number; onClose: () => void; onCancel: () => void }) {
  return (
    <Dialog
      title="Cancel this backfill?"
      width="sm"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button variant="danger" onClick={onCancel}>
            Cancel the backfill
          </Button>
        </>
      }
    >
      <p>
        {dates.toLocaleString('en')} {dates === 1 ? 'date' : 'dates'} will not be run. Runs that have started go on to their end.
      </p>
    </Dialog>
  );
}
