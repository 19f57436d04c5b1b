import { CheckCheck, RotateCcw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, Outlet, useLocation, useOutletContext, useParams } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { ApiError } from '#ui-kit/json-request.ts';
import { Meter } from '#ui-kit/meter.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Tabs } from '#ui-kit/tabs.tsx';
import { Duration, Instant, TimeAgo } from '#ui-kit/time.tsx';
import type { UiTaskInstance } from '../../../ui-api/types.ts';
import { TaskActDialog } from '../act/task-act-dialog.tsx';
import { pages } from '../api/paths.ts';
import { useTaskInstance } from '../api/queries.ts';
import { useMayEdit } from '../api/session.ts';
import { PluginLinks } from '../plugins/plugin-links.tsx';
import { TriggeredRuns } from '../run/run-links.tsx';
import { BlockBadge } from '../shell/block-badge.tsx';
import { NotFoundPage } from '../shell/not-found.tsx';
import { useUrlState } from '../shell/url-state.ts';
import { triesText } from './tries-text.ts';
import { TryPills } from './try-pills.tsx';
import { WhyWaiting } from './why-waiting.tsx';

const TABS = [
  { id: '', label: 'Logs' },
  { id: 'respond', label: 'Respond' },
  { id: 'output', label: 'Output' },
  { id: 'checks', label: 'Checks' },
  { id: 'sync', label: 'Sync' },
  { id: 'attempts', label: 'Attempts' },
  { id: 'events', label: 'Events' },
  { id: 'details', label: 'Details' },
] as const;

export interface TaskPage {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly instance: UiTaskInstance;
  /** The try whose log shows: from the address, else the newest. */
  readonly tryNumber: number;
}

/** The instance that the tabs below the layout are about. */
export function useTaskPage(): TaskPage {
  return useOutletContext<TaskPage>();
}

/** Header and tabs of one task instance; `?map_index=` picks one of a mapped task, `?try=` an older attempt. */
export function TaskLayout() {
  const { dagId = '', runId = '', taskId = '' } = useParams();
  const [params, change] = useUrlState();
  const mapIndex = Number(params.get('map_index') ?? -1);
  const instance = useTaskInstance(dagId, runId, taskId, Number.isInteger(mapIndex) ? mapIndex : -1);
  const rest = useLocation()
    .pathname.slice(pages.task(dagId, runId, taskId).length)
    .replaceAll('/', '');
  const tab = TABS.some(({ id }) => id === rest) ? rest : '';
  if (instance.error instanceof ApiError && instance.error.status === 404)
    return (
      <NotFoundPage
        what={`The task “${taskId}” in this run`}
        detail="Mapped tasks have one instance per element: open one from the run page."
      />
    );
  if (instance.error !== null && instance.data === undefined)
    return (
      <div className="p-6">
        <ErrorPanel error={instance.error} onRetry={() => void instance.refetch()} />
      </div>
    );
  const { data } = instance;
  const chosen = Number(params.get('try') ?? 0);
  const tryNumber = chosen > 0 ? chosen : newestTry(data);
  const counts: Readonly<Record<string, number | undefined>> = {
    output: data?.xcoms.length,
    checks: data?.node.checks?.length,
    attempts: data?.attempts.length,
    events: data?.events.length,
  };
  const query = queryKept(params);
  return (
    <div className="flex h-full flex-col">
      <title>{`${taskId} · ${dagId} · Windlass`}</title>
      <div className="shrink-0 px-4 pt-4 md:px-6">
        {data === undefined ? (
          <Skeleton className="h-[76px] w-2/3" />
        ) : (
          <TaskHeader
            instance={data}
            tryNumber={tryNumber}
            onAct={(act) => change({ act }, 'push')}
            onTry={(number) => change({ try: number === newestTry(data) ? null : number }, 'push')}
          />
        )}
        <div className="mt-3 -mb-px">
          <Tabs
            label="Task instance pages"
            active={tab}
            items={TABS.filter(({ id }) => isShown(id, data)).map(({ id, label }) => ({
              id,
              label,
              to: pages.task(dagId, runId, taskId, -1, id) + query,
              count: counts[id],
            }))}
          />
        </div>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {data === undefined ? null : <Outlet context={{ dagId, runId, taskId, instance: data, tryNumber } satisfies TaskPage} />}
      </div>
      {params.get('act') === null || data === undefined ? null : (
        <TaskActDialog
          dagId={dagId}
          runId={runId}
          taskId={taskId}
          mapIndex={data.mapIndex}
          verb={params.get('act') === 'mark' ? 'success' : 'clear'}
          onClose={() => change({ act: null })}
        />
      )}
    </div>
  );
}

/** Tabs that only some tasks have. */
function isShown(tab: (typeof TABS)[number]['id'], instance: UiTaskInstance | undefined): boolean {
  if (tab === 'respond') return instance?.node.operator === 'approval';
  if (tab === 'checks') return instance !== undefined && (instance.node.checks !== undefined || instance.checks.length > 0);
  if (tab === 'sync') return instance !== undefined && instance.syncs.length > 0;
  return true;
}

function newestTry(instance: UiTaskInstance | undefined): number {
  return Math.max(instance?.attempts.at(-1)?.tryNumber ?? 0, instance?.tryNumber ?? 0);
}

/** Tabs keep the instance and the try, and drop what belongs to one tab only. */
function queryKept(params: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of ['map_index', 'try']) if (params.has(name)) kept.set(name, params.get(name) ?? '');
  return kept.size === 0 ? '' : `?${kept}`;
}

interface TaskHeaderProps {
  readonly instance: UiTaskInstance;
  readonly tryNumber: number;
  readonly onAct: (act: 'clear' | 'mark') => void;
  readonly onTry: (tryNumber: number) => void;
}

function TaskHeader({ instance, tryNumber, onAct, onTry }: TaskHeaderProps) {
  const mayEdit = useMayEdit();
  const { run, node, progress } = instance;
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <StatePill state={instance.state} size="lg" />
        <h1 className="flex min-w-0 items-center gap-1">
          <span className="truncate font-mono text-base font-medium" title={instance.taskId}>
            {instance.taskId}
            {instance.mapIndex < 0 ? null : <span className="text-ink-3">[{instance.mapLabel ?? instance.mapIndex}]</span>}
          </span>
          <CopyButton text={instance.taskId} label="Copy task id" />
        </h1>
        {node.displayName === undefined ? null : <span className="truncate text-ink-2">{node.displayName}</span>}
        <Badge>{node.operator}</Badge>
        {node.block === undefined ? null : <BlockBadge kind={node.block} />}
        <span className="flex-1" />
        <TryPills attempts={instance.attempts} selected={tryNumber} onSelect={onTry} />
        <span className="flex gap-2">
          <Button icon={<RotateCcw size={14} />} disabled={!mayEdit} onClick={() => onAct('clear')}>
            Clear
          </Button>
          <Button icon={<CheckCheck size={14} />} disabled={!mayEdit} onClick={() => onAct('mark')}>
            Mark
          </Button>
        </span>
      </div>
      <WhyWaiting instance={instance} />
      <TriggeredRuns runs={instance.triggeredRuns} />
      <PluginLinks
        on="task"
        operator={node.operator}
        facts={{
          dag_id: run.dagId,
          run_id: run.runId,
          task_id: instance.taskId,
          map_index: instance.mapIndex,
          try_number: instance.tryNumber,
          logical_date: run.logicalDate,
          start: instance.startedAt,
          end: instance.endedAt,
        }}
      />
      {progress === null || instance.state !== 'running' ? null : (
        <div className="flex max-w-xl items-center gap-3">
          <Meter label="Progress" value={progress.done} max={progress.total} isMoving className="flex-1" />
          <span className="text-xs text-ink-2 tabular-nums">
            {progress.done.toLocaleString('en')} of {progress.total.toLocaleString('en')}
            {progress.note === undefined ? '' : ` · ${progress.note}`}
          </span>
        </div>
      )}
      <dl className="flex flex-wrap gap-x-8 gap-y-2">
        <Fact name="Run">
          <Link to={pages.run(run.dagId, run.runId)} className="inline-flex max-w-[340px] items-center gap-1.5 hover:underline">
            <span className="truncate font-mono text-xs leading-[20px]">{run.runId}</span>
          </Link>
        </Fact>
        <Fact name="Started">{instance.startedAt === null ? '–' : <Instant iso={instance.startedAt} />}</Fact>
        <Fact name={instance.startedAt !== null && instance.endedAt === null ? 'Running for' : 'Took'}>
          <Duration from={instance.startedAt} to={instance.endedAt} />
        </Fact>
        <Fact name="Waited">
          <Duration from={instance.queuedAt} to={instance.startedAt} />
        </Fact>
        <Fact name="Try">{triesText(instance)}</Fact>
        {instance.nextTryAt === null ? null : (
          <Fact name="Next try">
            <TimeAgo iso={instance.nextTryAt} />
          </Fact>
        )}
        <Fact name="Worker">
          <span className="font-mono text-xs">{instance.worker ?? '–'}</span>
        </Fact>
        <Fact name="Pool">{instance.pool}</Fact>
        <Fact name="Queue">{instance.queue}</Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-3">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
