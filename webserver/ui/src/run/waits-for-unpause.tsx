import { Hourglass } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';
import { usePauseDag } from '../api/actions.ts';
import { useDag } from '../api/queries.ts';
import { useMayEdit } from '../api/session.ts';

/** Why a queued run does not start, in the most common case: its DAG is paused. */
export function WaitsForUnpause({ dagId }: { dagId: string }) {
  const dag = useDag(dagId);
  const pause = usePauseDag();
  const mayEdit = useMayEdit();
  if (dag.data?.isPaused !== true) return null;
  return (
    <section
      aria-label="Waiting for"
      className="flex items-center gap-2.5 rounded-lg border border-warning-line bg-warning-soft py-2 pr-2 pl-3.5"
    >
      <Hourglass size={14} className="shrink-0 text-warning" />
      <p className="min-w-0 flex-1">{dagId} is paused: this run waits until it is unpaused.</p>
      <Button size="sm" disabled={!mayEdit} isBusy={pause.isPending} onClick={() => pause.mutate({ dagId, isPaused: false })}>
        Unpause
      </Button>
    </section>
  );
}
