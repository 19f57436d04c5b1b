import { Meter } from '#ui-kit/meter.tsx';
import { Table } from '#ui-kit/table.tsx';
import type { TaskView } from '../../../api/types.ts';
import { Mono } from '../shell/mono.tsx';
import { RunName } from './run-name.tsx';
import { OpenOnWeb, TaskName } from './task-name.tsx';
import { Ran, Waited } from './timing.tsx';

/** What a worker has in hand: each task with its progress, time and process. */
export function RunningTasks({ tasks }: { tasks: readonly TaskView[] }) {
  return (
    <Table label="Running tasks">
      <thead>
        <tr>
          <th>Task</th>
          <th>Run</th>
          <th>Progress</th>
          <th className="!text-right">Running for</th>
          <th className="!text-right">Waited</th>
          <th className="!text-right">Try</th>
          <th className="!text-right">Process</th>
          <th aria-label="Link" />
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.attemptId}>
            <td>
              <TaskName task={task} />
            </td>
            <td>
              <RunName runId={task.runId} />
            </td>
            <td>
              <Progress task={task} />
            </td>
            <td className="text-right font-medium">
              <Ran task={task} />
            </td>
            <td className="text-right">
              <Waited task={task} />
            </td>
            <td className="text-right">
              {task.tryNumber}
              <span className="text-ink-3"> of {task.maxTries + 1}</span>
            </td>
            <td className="text-right">
              <Mono className="text-ink-2">{task.pid ?? '–'}</Mono>
            </td>
            <td className="text-right">
              <OpenOnWeb task={task} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** Done of total with a rope; a task that does not report progress only moves. */
export function Progress({ task }: { task: TaskView }) {
  const { progress } = task;
  if (progress === null)
    return (
      <span className="flex items-center gap-2">
        <Meter label={`${task.taskId} runs`} value={1} max={1} isMoving className="w-[130px] opacity-45" />
      </span>
    );
  const share = progress.total <= 0 ? 0 : Math.round((progress.done / progress.total) * 100);
  return (
    <span className="flex items-center gap-2">
      <Meter label={`Progress of ${task.taskId}`} value={progress.done} max={progress.total} isMoving className="w-[130px]" />
      <span className="text-xs whitespace-nowrap text-ink-2 tabular-nums">
        {share} %
        <span className="ml-1.5 text-ink-3">
          {progress.done.toLocaleString('en')}/{progress.total.toLocaleString('en')} {progress.note ?? ''}
        </span>
      </span>
    </span>
  );
}
