import { useState } from 'react';
import { useNavigate } from 'react-router';
import { Button } from '#ui-kit/button.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { Dialog } from '#ui-kit/dialog.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { SkeletonRows } from '#ui-kit/spinner.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import { useToast } from '#ui-kit/toast.tsx';
import type { UiDag } from '../../../ui-api/types.ts';
import { usePauseDag, useTriggerRun } from '../api/actions.ts';
import { pages, restApi } from '../api/paths.ts';
import { useDag } from '../api/queries.ts';
import type { TriggerBody } from '../api/rest-types.ts';
import { Advanced, type AdvancedEntries, EMPTY_ADVANCED } from './advanced.tsx';
import { ParamsAsForm, ParamsAsJson } from './params-editor.tsx';
import { useParams } from './use-params.ts';

interface TriggerDialogProps {
  readonly dagId: string;
  /** Params to begin with, over the defaults: those of an older run. */
  readonly initialConf?: unknown;
  readonly onClose: () => void;
}

/** Starts a run with a form made from the DAG's params. */
export function TriggerDialog({ dagId, initialConf, onClose }: TriggerDialogProps) {
  const dag = useDag(dagId);
  if (dag.data !== undefined) return <TriggerForm dag={dag.data} initialConf={initialConf} onClose={onClose} />;
  return (
    <Dialog title={`Trigger ${dagId}`} onClose={onClose}>
      {dag.error === null ? <SkeletonRows rows={3} label="Loading the params" /> : <ErrorPanel error={dag.error} />}
    </Dialog>
  );
}

function TriggerForm({ dag, initialConf, onClose }: { dag: UiDag; initialConf: unknown; onClose: () => void }) {
  const params = useParams(dag, initialConf);
  const [view, setView] = useState<'form' | 'json'>(params.fields.length === 0 ? 'json' : 'form');
  const [advanced, setAdvanced] = useState<AdvancedEntries>(EMPTY_ADVANCED);
  const [unpauses, setUnpauses] = useState(dag.isPaused);
  const trigger = useTriggerRun(dag.dagId);
  const pause = usePauseDag();
  const toast = useToast();
  const navigate = useNavigate();
  const hasParams = dag.paramsSchema !== null || params.fields.length > 0;
  const body = params.conf === null ? null : bodyOf(params.conf, advanced);

  const submit = () => {
    if (body === null) return;
    if (dag.isPaused && unpauses) pause.mutate({ dagId: dag.dagId, isPaused: false });
    trigger.mutate(body, {
      onSuccess: (run) => {
        toast({ tone: 'good', title: `Run of ${dag.dagId} started`, detail: run.dag_run_id });
        onClose();
        void navigate(pages.run(dag.dagId, run.dag_run_id));
      },
    });
  };
  return (
    <Dialog
      title={`Trigger ${dag.dagId}`}
      description={dag.description ?? undefined}
      onClose={onClose}
      footer={
        <>
          <CopyButton text={() => curlOf(dag.dagId, body ?? { logical_date: null })} label="Copy as curl">
            Copy as curl
          </CopyButton>
          <span className="flex-1" />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isBusy={trigger.isPending} disabled={body === null} onClick={submit}>
            Trigger run
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {trigger.error === null ? null : (
          <p role="alert" className="rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 break-words">
            {trigger.error.message}
          </p>
        )}
        {params.fields.length === 0 ? null : (
          <Segmented
            label="Edit params as"
            value={view}
            onChange={setView}
            options={[
              { value: 'form', label: 'Form' },
              { value: 'json', label: 'JSON' },
            ]}
          />
        )}
        {view === 'form' ? <ParamsAsForm params={params} /> : <ParamsAsJson params={params} hasSchema={hasParams} />}
        {dag.isPaused ? (
          <label className="flex items-center gap-2.5 text-sm">
            <input
              type="checkbox"
              checked={unpauses}
              onChange={(event) => setUnpauses(event.target.checked)}
              className="size-4 accent-[var(--accent)]"
            />
            Unpause {dag.dagId}: while it is paused, the run waits in the queue
          </label>
        ) : null}
        <Advanced entries={advanced} onChange={setAdvanced} />
      </div>
    </Dialog>
  );
}

/** Leaves out what was left empty, so that the server's defaults hold. */
function bodyOf(conf: Readonly<Record<string, unknown>>, { runId, logicalDate, note }: AdvancedEntries): TriggerBody {
  return {
    logical_date: logicalDate === '' ? null : new Date(logicalDate).toISOString(),
    conf,
    ...(runId.trim() === '' ? {} : { dag_run_id: runId.trim() }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  };
}

function curlOf(dagId: string, body: TriggerBody): string {
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  return [
    `curl -X POST '${window.location.origin}${restApi.dagRuns(dagId)}'`,
    `-H "Authorization: Bearer $WINDLASS_TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `-d '${json}'`,
  ].join(' \\\n  ');
}
