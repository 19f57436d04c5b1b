import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { pages } from '../api/paths.ts';
import { stripAnsi } from './ansi.ts';
import { useLog } from './use-log.ts';

const SHOWN = 14;

/** The last lines of an attempt, for side panels. */
export function LogPreview({
  dagId,
  runId,
  taskId,
  tryNumber,
  isRunning,
}: {
  dagId: string;
  runId: string;
  taskId: string;
  tryNumber: number;
  isRunning: boolean;
}) {
  const log = useLog({ dagId, runId, taskId, mapIndex: -1, tryNumber });
  const last = log.lines.slice(-SHOWN);
  return (
    <section aria-label="Last log lines" className="flex flex-col gap-1.5">
      <h3 className="flex items-center justify-between text-xs font-medium text-ink-3">
        {isRunning ? 'Log, live' : 'End of the log'}
        <Link to={pages.task(dagId, runId, taskId)} className="text-ink-2 hover:text-ink hover:underline">
          Whole log
        </Link>
      </h3>
      {log.status === 'loading' ? (
        <Skeleton className="h-24 w-full" />
      ) : (
        <pre className="overflow-x-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-2xs leading-[17px]">
          {last.length === 0 ? <span className="text-ink-3">Nothing written{log.status === 'live' ? ' yet' : ''}.</span> : null}
          {last.map((line, index) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              key={log.lines.length - last.length + index}
              className={cx(
                'block',
                line.level === 'error' && 'text-danger',
                line.level === 'warning' && 'text-warning',
                line.source === 'system' && line.level !== 'error' && 'text-ink-3',
              )}
            >
              {stripAnsi(line.message)}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}
