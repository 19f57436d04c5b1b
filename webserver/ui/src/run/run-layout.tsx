import { Check, CheckCheck, Play, RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, Outlet, useLocation, useOutletContext, useParams } from 'react-router';
import { Button } from '#ui-kit/button.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { ApiError } from '#ui-kit/json-request.ts';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { lookOf, STATE_ORDER } from '#ui-kit/state-looks.ts';
import { StateIcon, StatePill } from '#ui-kit/state-pill.tsx';
import { Tabs } from '#ui-kit/tabs.tsx';
import { Duration, Instant } from '#ui-kit/time.tsx';
import type { UiRunExtras } from '../../../ui-api/people-types.ts';
import type { StateCounts, UiRun } from '../../../ui-api/types.ts';
import { RunActDialog } from '../act/run-act-dialog.tsx';
import { pages } from '../api/paths.ts';
import { useRunExtras } from '../api/people.ts';
import { useRun } from '../api/queries.ts';
import { useMayEdit } from '../api/session.ts';
import { DeadlineBadge } from '../people/deadline-words.tsx';
import { PluginLinks } from '../plugins/plugin-links.tsx';
import { NotFoundPage } from '../shell/not-found.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { TriggerDialog } from '../trigger/trigger-dialog.tsx';
import { Note } from './note.tsx';
import { causeOf, runIsFor } from './run-facts.tsx';
import { TriggeringTaskLink } from './run-links.tsx';
import { WaitsForUnpause } from './waits-for-unpause.tsx';

const TABS = [
  { id: '', label: 'Tasks' },
  { id: 'graph', label: 'Graph' },
  { id: 'callbacks', label: 'Callbacks' },
  { id: 'details', label: 'Params and details' },
] as const;

/** The run that the tabs below the layout are about. */
export function useRunOfPage(): UiRun {
  return useOutletContext<UiRun>();
}

/** Header and tabs of one run. */
export function RunLayout() {
  const { dagId = '', runId = '' } = useParams();
  const run = useRun(dagId, runId);
  const extras = useRunExtras(dagId, runId);
  const [params, change] = useUrlState();
  const rest = useLocation().pathname.slice(pages.run(dagId, runId).length).replaceAll('/', '');
  const tab = TABS.some(({ id }) => id === rest) ? rest : '';
  if (run.error instanceof ApiError && run.error.status === 404) return <NotFoundPage what={`The run “${runId}” of ${dagId}`} />;
  if (run.error !== null && run.data === undefined)
    return (
      <div className="p-6">
        <ErrorPanel error={run.error} onRetry={() => void run.refetch()} />
      </div>
    );
  return (
    <div className="flex h-full flex-col">
      <title>{`${run.data === undefined ? '' : `${lookOf(run.data.state).word}: `}${dagId} · Windlass`}</title>
      <div className="shrink-0 px-4 pt-4 md:px-6">
        {run.data === undefined ? (
          <Skeleton className="h-[76px] w-2/3" />
        ) : (
          <RunHeader
            run={run.data}
            deadlines={extras.data?.deadlines ?? []}
            onAct={(act) => change({ act }, 'push')}
            onTriggerAgain={() => change({ trigger: 1 }, 'push')}
          />
        )}
        <div className="mt-3 -mb-px">
          <Tabs
            label="Run pages"
            active={tab}
            items={TABS.map(({ id, label }) => ({
              id,
              label,
              to: pages.run(dagId, runId, id),
              count: id === '' ? run.data?.instances.length : id === 'callbacks' ? extras.data?.callbackTotal : undefined,
            }))}
          />
        </div>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">{run.data === undefined ? null : <Outlet context={run.data} />}</div>
      {params.get('act') === null || run.data === undefined ? null : (
        <RunActDialog
          dagId={dagId}
          runId={runId}
          verb={params.get('act') === 'mark' ? 'success' : run.data.state === 'failed' ? 'clear_failed' : 'clear'}
          onClose={() => change({ act: null })}
        />
      )}
      {params.get('trigger') === null || run.data === undefined ? null : (
        <TriggerDialog dagId={dagId} initialConf={run.data.conf} onClose={() => change({ trigger: null })} />
      )}
    </div>
  );
}

interface RunHeaderProps {
  readonly run: UiRun;
  readonly deadlines: UiRunExtras['deadlines'];
  readonly onAct: (act: 'clear' | 'mark') => void;
  readonly onTriggerAgain: () => void;
}

function RunHeader({ run, deadlines, onAct, onTriggerAgain }: RunHeaderProps) {
  const mayEdit = useMayEdit();
  const counts: Partial<Record<string, number>> = {};
  for (const instance of run.instances) counts[instance.state] = (counts[instance.state] ?? 0) + 1;
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5">
          <StatePill state={run.state} size="lg" />
          <h1 className="flex min-w-0 items-center gap-1">
            <span className="truncate font-mono text-base font-medium" title={run.runId}>
              {run.runId}
            </span>
            <CopyButton text={run.runId} label="Copy run id" />
          </h1>
          {deadlines
            .filter(({ status }) => status !== 'met')
            .map((deadline) => (
              <DeadlineBadge key={deadline.id} deadline={deadline} isAlone />
            ))}
        </div>
        <div className="flex flex-wrap gap-2">
          <Button icon={<RotateCcw size={14} />} disabled={!mayEdit} onClick={() => onAct('clear')}>
            Clear
          </Button>
          <Button icon={<CheckCheck size={14} />} disabled={!mayEdit} onClick={() => onAct('mark')}>
            Mark
          </Button>
          <Button icon={<Play size={14} />} disabled={!mayEdit} onClick={onTriggerAgain}>
            Trigger again
          </Button>
        </div>
      </div>
      {run.reason === null ? null : (
        <p className={run.state === 'failed' ? 'break-words text-danger' : 'break-words text-ink-2'}>{run.reason}</p>
      )}
      {run.state === 'queued' ? <WaitsForUnpause dagId={run.dagId} /> : null}
      <PluginLinks
        on="run"
        facts={{ dag_id: run.dagId, run_id: run.runId, logical_date: run.logicalDate, start: run.startedAt, end: run.endedAt }}
      />
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <HeaderFact name="DAG">
          <Link to={pages.dag(run.dagId)} className="font-medium hover:underline">
            {run.dagId}
          </Link>
        </HeaderFact>
        <HeaderFact name="For">{runIsFor(run)}</HeaderFact>
        <HeaderFact name={run.startedAt === null ? 'Queued' : 'Started'}>
          <Instant iso={run.startedAt ?? run.queuedAt} />
        </HeaderFact>
        {run.startedAt === null ? (
          <HeaderFact name="Waiting for">
            <Duration from={run.queuedAt} to={null} />
          </HeaderFact>
        ) : (
          <HeaderFact name={run.endedAt === null ? 'Running for' : 'Took'}>
            <Duration from={run.startedAt} to={run.endedAt} />
          </HeaderFact>
        )}
        <HeaderFact name="Cause">
          {run.triggeringTask === null ? causeOf(run) : <TriggeringTaskLink task={run.triggeringTask} />}
        </HeaderFact>
        <HeaderFact name="Tasks">
          <StateCountList counts={counts} />
        </HeaderFact>
      </dl>
      <Note note={run.note} noteBy={run.noteBy} noteAt={run.noteAt} />
    </div>
  );
}

function HeaderFact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}

function StateCountList({ counts }: { counts: StateCounts }) {
  const shown = STATE_ORDER.filter((state) => (counts[state as keyof StateCounts] ?? 0) > 0);
  if (shown.length === 0) return <Check size={14} className="text-ink-3" />;
  return (
    <span className="flex flex-wrap gap-x-3">
      {shown.map((state) => (
        <span key={state} title={lookOf(state).word} className="inline-flex items-center gap-1">
          <StateIcon state={state} size={13} isLabelled />
          {counts[state as keyof StateCounts]}
        </span>
      ))}
    </span>
  );
}
