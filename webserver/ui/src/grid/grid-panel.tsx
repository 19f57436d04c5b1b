import { ArrowRight, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Button, buttonClass } from '#ui-kit/button.tsx';
import { CopyButton } from '#ui-kit/copy-button.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import type { UiDag, UiGrid } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { useTaskInstance } from '../api/queries.ts';
import { LogPreview } from '../logs/log-preview.tsx';
import { causeOf, runIsFor } from '../run/run-facts.tsx';
import { Facts } from '../shell/facts.tsx';
import { triesText } from '../task/tries-text.ts';
import { WhyWaiting } from '../task/why-waiting.tsx';
import { Counts } from './grid-cell.tsx';

/** What the selected column or cell is about, beside the grid. */
export function GridPanel({
  dag,
  grid,
  runId,
  taskId,
  onClose,
}: {
  dag: UiDag;
  grid: UiGrid;
  runId: string;
  taskId: string | null;
  onClose: () => void;
}) {
  const column = grid.runs.findIndex((run) => run.runId === runId);
  const run = grid.runs[column];
  const cell = taskId === null ? null : (grid.cells[taskId]?.[column] ?? null);
  const node = dag.tasks.find((task) => task.taskId === taskId);
  return (
    <aside
      aria-label={taskId ?? runId}
      className="wl-slide flex w-[400px] max-w-full shrink-0 flex-col overflow-y-auto border-l border-line bg-surface max-md:absolute max-md:inset-0 max-md:z-20 max-md:w-full"
    >
      <header className="sticky top-0 z-[1] flex items-start gap-2 border-b border-line bg-surface px-4 py-3">
        <div className="min-w-0 flex-1">
          <p className="text-xs text-ink-3">{taskId === null ? 'Run' : 'Task instance'}</p>
          <div className="flex items-center">
            <h2 className="min-w-0 font-mono text-sm font-medium break-all">{taskId ?? runId}</h2>
            <CopyButton text={taskId ?? runId} label="Copy id" />
          </div>
        </div>
        <Button variant="ghost" size="sm" aria-label="Close panel" icon={<X size={15} />} onClick={onClose} />
      </header>
      {run === undefined ? (
        <p className="p-4 text-ink-3">This run is not among the runs shown. Show more runs to see it here.</p>
      ) : (
        <div className="flex flex-col gap-4 px-4 py-4">
          <div className="flex flex-wrap items-center gap-2">
            <StatePill state={taskId === null ? run.state : (cell?.state ?? 'none')} size="lg" />
            {cell === null ? <Duration from={run.startedAt} to={run.endedAt} /> : <Duration from={cell.startedAt} to={cell.endedAt} />}
            <span className="flex-1" />
            <OpenLink
              to={
                taskId === null || cell === null
                  ? pages.run(dag.dagId, runId)
                  : pages.task(dag.dagId, runId, taskId, cell.counts === null ? -1 : 0)
              }
            >
              {taskId === null || cell === null ? 'Open run' : 'Open logs'}
            </OpenLink>
          </div>
          {taskId === null || cell === null ? (
            <Facts
              rows={[
                ['For', runIsFor(run)],
                ['Started', <TimeAgo key="started" iso={run.startedAt} />],
                ['Cause', causeOf(run)],
                ['Version', run.versionNumber],
                ...(run.note === null ? [] : [['Note', run.note] as const]),
                ...(run.reason === null ? [] : [['Reason', run.reason] as const]),
              ]}
            />
          ) : cell.counts !== null ? (
            <section className="flex flex-col gap-2">
              <h3 className="text-xs font-medium text-ink-3">Mapped instances</h3>
              <Counts counts={cell.counts} />
              <Link
                to={`${pages.run(dag.dagId, runId)}?search=${encodeURIComponent(taskId)}`}
                className="text-xs font-medium text-accent hover:underline"
              >
                See all instances
              </Link>
            </section>
          ) : (
            <InstanceDetail key={`${runId}/${taskId}`} dagId={dag.dagId} runId={runId} taskId={taskId} operator={node?.operator ?? ''} />
          )}
        </div>
      )}
    </aside>
  );
}

function OpenLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className={buttonClass('secondary', 'sm')}>
      {children}
      <ArrowRight size={13} />
    </Link>
  );
}

function InstanceDetail({ dagId, runId, taskId, operator }: { dagId: string; runId: string; taskId: string; operator: string }) {
  const instance = useTaskInstance(dagId, runId, taskId, -1);
  const data = instance.data;
  if (data === undefined) return null;
  const error = data.attempts.at(-1)?.error ?? null;
  return (
    <>
      <WhyWaiting instance={data} />
      <Facts
        rows={[
          [
            'Run',
            <Link key="run" to={pages.run(dagId, runId)} className="font-mono text-xs break-all hover:underline">
              {runId}
            </Link>,
          ],
          ['Operator', operator],
          ['Try', triesText(data)],
          ['Started', <TimeAgo key="started" iso={data.startedAt} />],
          ['Worker', data.worker ?? '–'],
          ['Pool, queue', `${data.pool}, ${data.queue}`],
        ]}
      />
      {error === null || data.state === 'success' || data.reason !== null ? null : (
        <p className="rounded-lg border border-danger-line bg-danger-soft px-3 py-2 font-mono text-xs break-words">
          {error.name}: {error.message}
        </p>
      )}
      {data.attempts.length === 0 ? null : (
        <LogPreview dagId={dagId} runId={runId} taskId={taskId} tryNumber={data.tryNumber} isRunning={data.state === 'running'} />
      )}
    </>
  );
}
