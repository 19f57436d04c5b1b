import { formatDuration } from '#ui-kit/time-format.ts';
import { Tooltip } from '#ui-kit/tooltip.tsx';
import type { MonitorSession, Overview, ProcessView } from '../../../api/types.ts';

const NAMES = [
  ['scheduler', 'Scheduler'],
  ['dag_processor', 'DAG processor'],
  ['triggerer', 'Triggerer'],
  ['webserver', 'Web server'],
] as const;

/** One light each for the processes a worker depends on, the broker, and the version. */
export function ProcessLights({ session, overview }: { session: MonitorSession; overview: Overview | undefined }) {
  return (
    <dl className="grid grid-cols-[1fr_auto] gap-x-3 gap-y-1">
      {overview === undefined
        ? null
        : NAMES.map(([kind, name]) => (
            <Light key={kind} name={name} process={overview.processes.find((process) => process.kind === kind)} />
          ))}
      <dt>Broker</dt>
      <dd className="text-right text-ink-2">{session.broker === 'redis' ? 'Redis' : 'Postgres'}</dd>
      <dt>Version</dt>
      <dd className="text-right font-mono text-2xs leading-[17px] text-ink-2">{session.version}</dd>
    </dl>
  );
}

function Light({ name, process }: { name: string; process: ProcessView | undefined }) {
  const isUp = (process?.online ?? 0) > 0;
  const word = isUp ? (process?.online === 1 ? 'up' : `${process?.online} up`) : process === undefined ? 'none' : 'lost';
  const detail =
    process === undefined
      ? `No ${name.toLowerCase()} was seen in the last day.`
      : `Last heartbeat ${formatDuration(process.heartbeatAgeSeconds * 1000)} ago.${waitsOf(process)}`;
  return (
    <>
      <dt>{name}</dt>
      <dd className="text-right">
        <Tooltip content={detail}>
          <span className={`inline-flex items-center gap-1.5 ${isUp ? 'text-ink-2' : 'font-medium text-danger'}`}>
            <span className={`size-[7px] rounded-full ${isUp ? 'bg-good' : 'bg-danger'}`} />
            {word}
            {isUp ? waitCount(process) : ''}
          </span>
        </Tooltip>
      </dd>
    </>
  );
}

/** ", 52 waits" */
function waitCount(process: ProcessView | undefined): string {
  const count = process?.waiters?.reduce((sum, one) => sum + one, 0) ?? 0;
  return count === 0 ? '' : `, ${count.toLocaleString('en')} ${count === 1 ? 'wait' : 'waits'}`;
}

/** " Looks after 12 and 40 waits." */
function waitsOf({ waiters = [] }: ProcessView): string {
  if (waiters.length === 0) return '';
  const counts = new Intl.ListFormat('en').format(waiters.map((count) => count.toLocaleString('en')));
  return ` Looks after ${counts} ${waiters.length === 1 && waiters[0] === 1 ? 'wait' : 'waits'}.`;
}
