import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { cx } from '#ui-kit/class-names.ts';
import { StateText } from '#ui-kit/state-pill.tsx';
import { Table } from '#ui-kit/table.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { TaskView } from '../../../api/types.ts';
import { pages } from '../api/paths.ts';
import { Mono } from '../shell/mono.tsx';
import { RunName } from './run-name.tsx';
import { OpenOnWeb, TaskName } from './task-name.tsx';
import { Ran, TimingBar, timingScaleMs, Waited } from './timing.tsx';
import { useArrivals } from './use-arrivals.ts';

type ColumnId = 'state' | 'task' | 'run' | 'try' | 'worker' | 'queue' | 'waited' | 'ran' | 'bar' | 'at' | 'open';

interface Column {
  readonly id: ColumnId;
  readonly label: string;
  readonly isNumber?: boolean;
  readonly cell: (task: TaskView, scaleMs: number) => ReactNode;
}

const COLUMNS: readonly Column[] = [
  { id: 'state', label: 'State', cell: (task) => <StateText state={task.state} /> },
  { id: 'task', label: 'Task', cell: (task) => <TaskName task={task} /> },
  { id: 'run', label: 'Run', cell: (task) => <RunName runId={task.runId} /> },
  { id: 'try', label: 'Try', isNumber: true, cell: (task) => <Try task={task} /> },
  { id: 'worker', label: 'Worker', cell: (task) => <WorkerLink workerId={task.workerId} /> },
  { id: 'queue', label: 'Queue', cell: (task) => <Mono className="text-ink-2">{task.queue}</Mono> },
  { id: 'waited', label: 'Waited', isNumber: true, cell: (task) => <Waited task={task} /> },
  { id: 'ran', label: 'Ran', isNumber: true, cell: (task) => <Ran task={task} /> },
  { id: 'bar', label: '', cell: (task, scaleMs) => <TimingBar task={task} scaleMs={scaleMs} /> },
  { id: 'at', label: 'Started', isNumber: true, cell: (task) => <TimeAgo iso={task.startedAt ?? task.queuedAt} /> },
  { id: 'open', label: '', cell: (task) => <OpenOnWeb task={task} /> },
];

/** Attempts in rows. With `onOpen` a click on a row (or Enter on it) opens its details. */
export function TasksTable({
  tasks,
  hidden = [],
  openId,
  onOpen,
}: {
  tasks: readonly TaskView[];
  hidden?: readonly ColumnId[];
  openId?: string | null;
  onOpen?: (task: TaskView) => void;
}) {
  const columns = COLUMNS.filter((column) => !hidden.includes(column.id));
  const scaleMs = timingScaleMs(tasks);
  const arrivals = useArrivals(tasks);
  return (
    <Table label="Tasks" dense>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.id} className={column.isNumber === true ? '!text-right' : undefined}>
              {column.label === '' ? <span className="sr-only">{column.id}</span> : column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr
            key={task.attemptId}
            aria-selected={onOpen === undefined ? undefined : task.attemptId === openId}
            className={cx(
              onOpen !== undefined && 'cursor-pointer',
              task.attemptId === openId && 'wl-open',
              arrivals.has(task.attemptId) && 'wl-arrive',
            )}
            onClick={(event) => {
              // Links in a row lead where they say.
              if (onOpen !== undefined && !(event.target as HTMLElement).closest('a, button')) onOpen(task);
            }}
          >
            {columns.map((column) => (
              <td key={column.id} className={column.isNumber === true ? 'text-right' : undefined}>
                {column.cell(task, scaleMs)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Try({ task }: { task: TaskView }) {
  return <span className={task.tryNumber > 1 ? 'text-warning' : 'text-ink-3'}>{task.tryNumber}</span>;
}

function WorkerLink({ workerId }: { workerId: string }) {
  if (workerId === '') return <span className="text-ink-3">–</span>;
  return (
    <Link to={pages.worker(workerId)} className="text-ink-2 hover:text-accent hover:underline">
      <Mono className="max-w-[180px]">{workerId}</Mono>
    </Link>
  );
}
