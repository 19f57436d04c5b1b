import { CalendarClock, FileWarning, Play } from 'lucide-react';
import { Link } from 'react-router';
import { Badge } from '#ui-kit/badge.tsx';
import { Button } from '#ui-kit/button.tsx';
import { cx } from '#ui-kit/class-names.ts';
import { StateText } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiDagCard } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { useMayEdit } from '../api/session.ts';
import { scheduleInWords } from '../dag/schedule-words.ts';
import { RunBars } from '../run/run-bars.tsx';
import { PauseSwitch } from './pause-switch.tsx';

const SHOWN_TAGS = 3;

/** The DAG list. On narrow screens the columns people can do without go first. */
export function DagTable({ dags, onTrigger }: { dags: readonly UiDagCard[]; onTrigger: (dagId: string) => void }) {
  return (
    <Table label="DAGs">
      <thead>
        <tr>
          <th className="w-12">
            <span className="sr-only">Active</span>
          </th>
          <th>DAG</th>
          <th className="max-lg:hidden">Schedule</th>
          <th className="max-lg:hidden">Next run</th>
          <th className="max-sm:hidden">Last runs</th>
          <th>Last run</th>
          <th className="max-xl:hidden">Owner</th>
          <th>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {dags.map((dag) => (
          <DagRow key={dag.dagId} dag={dag} onTrigger={onTrigger} />
        ))}
      </tbody>
    </Table>
  );
}

function DagRow({ dag, onTrigger }: { dag: UiDagCard; onTrigger: (dagId: string) => void }) {
  const mayEdit = useMayEdit();
  const last = dag.recentRuns.at(-1);
  return (
    <tr>
      <td>
        <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} />
      </td>
      <td className="lg:w-full lg:max-w-0 max-lg:max-w-[320px] max-lg:min-w-[120px] max-sm:max-w-[140px]">
        <DagName dag={dag} />
      </td>
      <td className="max-w-[210px] max-lg:hidden">
        <span className="flex items-center gap-1.5 text-ink-2">
          <CalendarClock size={13} className="shrink-0 text-ink-3" />
          <span className="truncate" title={dag.scheduleSummary}>
            {scheduleInWords(dag.scheduleSummary)}
          </span>
        </span>
      </td>
      <td className="text-ink-2 max-lg:hidden">{dag.isPaused ? <span className="text-ink-3">Paused</span> : <NextRun dag={dag} />}</td>
      <td className="max-sm:hidden">
        <RunBars runs={dag.recentRuns} />
      </td>
      <td>
        {last === undefined ? (
          <span className="text-ink-3">Never ran</span>
        ) : (
          <Link to={pages.run(dag.dagId, last.runId)} className="flex flex-col hover:underline">
            <StateText state={last.state} />
            <span className="text-xs text-ink-3">
              <TimeAgo iso={last.endedAt ?? last.startedAt ?? last.queuedAt} />
            </span>
          </Link>
        )}
      </td>
      <td className="max-w-[130px] truncate text-ink-2 max-xl:hidden">{dag.owner}</td>
      <td className="w-px">
        <Button
          size="sm"
          icon={<Play size={13} />}
          aria-label={`Trigger ${dag.dagId}`}
          disabled={!mayEdit}
          onClick={() => onTrigger(dag.dagId)}
        >
          <span className="max-md:hidden">Trigger</span>
        </Button>
      </td>
    </tr>
  );
}

/** By time, by assets, or by whichever comes first. */
function NextRun({ dag }: { dag: UiDagCard }) {
  if (dag.assetWait === null) return <TimeAgo iso={dag.nextRunAfter} />;
  const { ready, total } = dag.assetWait;
  return (
    <span className="flex flex-col">
      {dag.nextRunAfter === null ? null : <TimeAgo iso={dag.nextRunAfter} />}
      <span className="whitespace-nowrap tabular-nums">{total === 1 ? 'on an event' : `${ready} of ${total} assets ready`}</span>
    </span>
  );
}

function DagName({ dag }: { dag: UiDagCard }) {
  const extra = dag.tags.length - SHOWN_TAGS;
  return (
    <div className="flex min-w-0 flex-col">
      <span className="flex min-w-0 items-center gap-2">
        <Link
          to={pages.dag(dag.dagId)}
          className={cx('max-w-full shrink-0 truncate font-medium hover:underline lg:max-w-[68%]', dag.isPaused && 'text-ink-2')}
          title={dag.dagId}
        >
          {dag.displayName}
        </Link>
        {dag.hasImportErrors ? (
          <Badge tone="danger" icon={<FileWarning size={11} />}>
            Import error
          </Badge>
        ) : null}
        {/* A tag that does not fit goes to a second line, which is not shown: never half a tag. */}
        <span className="hidden h-5 min-w-0 flex-1 flex-wrap gap-1 overflow-hidden md:flex">
          {dag.tags.slice(0, SHOWN_TAGS).map((tag) => (
            <Link key={tag} to={pages.dags(`?tag=${encodeURIComponent(tag)}`)}>
              <Badge className="hover:border-line-strong">{tag}</Badge>
            </Link>
          ))}
          {extra > 0 ? <Badge>+{extra}</Badge> : null}
        </span>
      </span>
      {dag.description === null ? null : (
        <span className="truncate text-xs text-ink-3 max-sm:hidden" title={dag.description}>
          {dag.description}
        </span>
      )}
    </div>
  );
}
