import { CalendarClock, CalendarRange, Play, User } from 'lucide-react';
import type { ReactNode } from 'react';
import { Outlet, useLocation, useNavigate, useOutletContext, useParams } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { ApiError } from '#ui-kit/json-request.ts';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { Tabs } from '#ui-kit/tabs.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiDag } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { useDag } from '../api/queries.ts';
import { useMayEdit } from '../api/session.ts';
import { BackfillBanner } from '../backfill/backfill-banner.tsx';
import { BackfillDialog } from '../backfill/backfill-dialog.tsx';
import { PauseSwitch } from '../dags/pause-switch.tsx';
import { PluginLinks } from '../plugins/plugin-links.tsx';
import { NotFoundPage } from '../shell/not-found.tsx';
import { useShortcuts } from '../shell/shortcuts.ts';
import { useUrlState } from '../shell/url-state.ts';
import { TriggerDialog } from '../trigger/trigger-dialog.tsx';
import { DagImportError } from './dag-import-error.tsx';
import { DagWarnings } from './dag-warnings.tsx';
import { OwnerNames } from './owner-names.tsx';
import { scheduleInWords } from './schedule-words.ts';

const TABS = [
  { id: '', label: 'Overview' },
  { id: 'grid', label: 'Grid' },
  { id: 'graph', label: 'Graph' },
  { id: 'runs', label: 'Runs' },
  { id: 'code', label: 'Code' },
  { id: 'details', label: 'Details' },
] as const;

/** The DAG that the tabs below the layout are about. */
export function useDagOfPage(): UiDag {
  return useOutletContext<UiDag>();
}

/** Header and tabs of one DAG; each tab fills what is left of the window. */
export function DagLayout() {
  const { dagId = '' } = useParams();
  const dag = useDag(dagId);
  const [params, change] = useUrlState();
  const tab = useActiveTab(dagId);
  const navigate = useNavigate();
  useShortcuts({
    g: () => void navigate(pages.dag(dagId, tab === 'grid' ? 'graph' : 'grid')),
    t: () => change({ trigger: 1 }, 'push'),
  });
  if (dag.error instanceof ApiError && dag.error.status === 404) return <NotFoundPage what={`The DAG “${dagId}”`} />;
  if (dag.error !== null && dag.data === undefined)
    return (
      <div className="p-6">
        <ErrorPanel error={dag.error} onRetry={() => void dag.refetch()} />
      </div>
    );
  return (
    <div className="flex h-full flex-col">
      <title>{`${dagId} · Windlass`}</title>
      <div className="shrink-0 px-4 pt-4 md:px-6">
        {dag.data === undefined ? (
          <HeaderSkeleton dagId={dagId} />
        ) : (
          <DagHeader dag={dag.data} onTrigger={() => change({ trigger: 1 }, 'push')} onBackfill={() => change({ backfill: 1 }, 'push')} />
        )}
        <div className="mt-3 -mb-px">
          <Tabs label="DAG pages" active={tab} items={TABS.map(({ id, label }) => ({ id, label, to: pages.dag(dagId, id) }))} />
        </div>
      </div>
      {dag.data === undefined ? null : <DagImportError dag={dag.data} />}
      {dag.data === undefined ? null : <DagWarnings dag={dag.data} />}
      {dag.data === undefined ? null : <BackfillBanner dag={dag.data} />}
      <div className="min-h-0 flex-1 overflow-y-auto">{dag.data === undefined ? null : <Outlet context={dag.data} />}</div>
      {params.get('trigger') === null ? null : <TriggerDialog dagId={dagId} onClose={() => change({ trigger: null })} />}
      {params.get('backfill') === null || dag.data === undefined ? null : (
        <BackfillDialog dag={dag.data} onClose={() => change({ backfill: null })} />
      )}
    </div>
  );
}

function useActiveTab(dagId: string): string {
  const rest = useLocation().pathname.slice(pages.dag(dagId).length).replaceAll('/', '');
  return TABS.some(({ id }) => id === rest) ? rest : '';
}

function DagHeader({ dag, onTrigger, onBackfill }: { dag: UiDag; onTrigger: () => void; onBackfill: () => void }) {
  const mayEdit = useMayEdit();
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="min-w-0 text-xl font-semibold tracking-[-0.02em] wrap-anywhere" title={dag.dagId}>
            {dag.displayName}
          </h1>
          <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} />
          {dag.isPaused ? <Badge tone="warning">Paused</Badge> : null}
          {dag.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </div>
        {dag.description === null ? null : <p className="mt-1 line-clamp-2 max-w-[72ch] text-ink-2 wrap-anywhere">{dag.description}</p>}
        <div className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1 text-xs text-ink-3">
          <Fact icon={<CalendarClock size={13} />}>
            <span title={dag.scheduleSummary} className="first-letter:uppercase inline-block">
              {scheduleInWords(dag.scheduleSummary)}
            </span>
            {dag.nextRunAfter === null || dag.isPaused ? null : (
              <>
                {' · next '}
                <TimeAgo iso={dag.nextRunAfter} />
              </>
            )}
          </Fact>
          <Fact icon={<User size={13} />}>
            <OwnerNames owner={dag.owner} links={dag.ownerLinks} />
          </Fact>
          <span className="min-w-0 font-mono text-2xs leading-[17px] wrap-anywhere">{dag.filePath}</span>
          <span>version {dag.versionNumber}</span>
          <PluginLinks on="dag" facts={{ dag_id: dag.dagId }} />
        </div>
      </div>
      <div className="flex gap-2">
        {dag.hasDates ? (
          <Button
            icon={<CalendarRange size={14} />}
            disabled={!mayEdit || dag.activeBackfill !== null}
            title={dag.activeBackfill === null ? 'Run dates of the past' : 'A backfill is running'}
            onClick={onBackfill}
          >
            Backfill
          </Button>
        ) : null}
        <Button variant="primary" icon={<Play size={14} />} disabled={!mayEdit} onClick={onTrigger}>
          Trigger
        </Button>
      </div>
    </div>
  );
}

function Fact({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <span className="inline-flex min-w-0 items-start gap-1.5 [&>svg]:mt-0.5 [&>svg]:shrink-0">
      {icon}
      <span className="min-w-0 wrap-anywhere">{children}</span>
    </span>
  );
}

function HeaderSkeleton({ dagId }: { dagId: string }) {
  return (
    <div role="status" aria-label={`Loading ${dagId}`} className="flex flex-col gap-2.5">
      <h1 className="text-xl font-semibold tracking-[-0.02em]">{dagId}</h1>
      <Skeleton className="h-4 w-80" />
    </div>
  );
}
