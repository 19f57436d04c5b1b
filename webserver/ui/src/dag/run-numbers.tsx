import { Link } from 'react-router';
import { Card, Stat } from '#ui-kit/card.tsx';
import { counted } from '#ui-kit/counted.ts';
import { Meter } from '#ui-kit/meter.tsx';
import { StatePill } from '#ui-kit/state-pill.tsx';
import { Duration, TimeAgo } from '#ui-kit/time.tsx';
import { formatDuration } from '#ui-kit/time-format.ts';
import type { UiDag, UiRunSummary } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';
import { useRun } from '../api/queries.ts';
import { causeOf } from '../run/run-facts.tsx';
import { median, runSpanMs } from './duration-chart.tsx';

/** Success rate, typical time, runs in flight: over the runs on this page. */
export function RunNumbers({ runs }: { runs: readonly UiRunSummary[] }) {
  const ended = runs.filter((run) => run.state === 'success' || run.state === 'failed');
  const good = ended.filter((run) => run.state === 'success');
  const spans = good.map((run) => runSpanMs(run, 0)).sort((a, b) => a - b);
  const active = runs.filter((run) => run.state === 'running' || run.state === 'queued').length;
  const rate = ended.length === 0 ? null : Math.round((good.length / ended.length) * 100);
  const slowMs = spans[Math.min(spans.length - 1, Math.floor(spans.length * 0.95))];
  return (
    <div className="grid grid-cols-2 divide-line overflow-hidden rounded-xl border border-line bg-surface shadow-1 sm:grid-cols-4 sm:divide-x">
      <Stat
        label="Success rate"
        value={rate === null ? '–' : `${rate}%`}
        note={ended.length === 0 ? 'none has ended' : `${good.length} of ${counted(ended.length, 'run')}`}
        tone={rate !== null && rate < 80 ? 'danger' : 'ink'}
      />
      <Stat label="Typical time" value={spans.length === 0 ? '–' : formatDuration(median(spans))} note="median of good runs" />
      <Stat label="Slow run" value={slowMs === undefined ? '–' : formatDuration(slowMs)} note="95th percentile" />
      <Stat label="In flight" value={active} note={active === 1 ? 'run' : 'runs'} tone={active === 0 ? 'quiet' : 'ink'} />
    </div>
  );
}

/** The newest run: where it stands, task by task counted. */
export function NextStep({ dag }: { dag: UiDag }) {
  const last = dag.recentRuns.at(-1);
  const run = useRun(dag.dagId, last?.runId ?? null);
  if (last === undefined) return null;
  const instances = run.data?.instances ?? [];
  const done = instances.filter(
    (instance) =>
      instance.endedAt !== null || instance.state === 'success' || instance.state === 'skipped' || instance.state === 'upstream_failed',
  ).length;
  return (
    <Card title="Latest run" actions={<StatePill state={last.state} />} bodyClassName="flex flex-col gap-3 px-4 py-3.5">
      <Link to={pages.run(dag.dagId, last.runId)} className="truncate font-mono text-xs font-medium hover:underline" title={last.runId}>
        {last.runId}
      </Link>
      {instances.length === 0 ? null : (
        <div className="flex items-center gap-3">
          <Meter
            label="Tasks ended"
            value={done}
            max={instances.length}
            color={`var(--st-${last.state})`}
            isMoving={last.state === 'running'}
            className="flex-1"
          />
          <span className="text-xs text-ink-2 tabular-nums">
            {done} of {counted(instances.length, 'task')}
          </span>
        </div>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs [&_dd]:text-right [&_dt]:text-ink-3">
        <dt>Started</dt>
        <dd>
          <TimeAgo iso={last.startedAt} />
        </dd>
        <dt>Took</dt>
        <dd>
          <Duration from={last.startedAt} to={last.endedAt} />
        </dd>
        <dt>Cause</dt>
        <dd>{causeOf(last)}</dd>
      </dl>
      {last.reason === null ? null : <p className="text-xs break-words text-ink-2">{last.reason}</p>}
    </Card>
  );
}
