import { ExternalLink } from 'lucide-react';
import type { TaskView } from '../../../api/types.ts';
import { dagOnWeb, taskOnWeb } from '../api/paths.ts';
import { useWebPort } from '../api/session.ts';

/** "dag / task [label]", each a link to its page on the web UI. */
export function TaskName({ task }: { task: TaskView }) {
  const webPort = useWebPort();
  return (
    <span className="inline-flex max-w-[420px] items-baseline gap-1.5 whitespace-nowrap">
      <a href={dagOnWeb(webPort, task.dagId)} className="max-w-[180px] truncate text-ink-3 hover:text-ink hover:underline">
        {task.dagId}
      </a>
      <span className="text-ink-3/60">/</span>
      <a href={taskOnWeb(webPort, task)} className="truncate font-medium hover:text-accent hover:underline">
        {task.taskId}
      </a>
      {task.mapIndex < 0 ? null : <MapIndex task={task} />}
    </span>
  );
}

/** Which instance of a mapped task. */
export function MapIndex({ task }: { task: TaskView }) {
  return <span className="font-mono text-2xs text-ink-3">[{task.mapLabel ?? task.mapIndex}]</span>;
}

/** A link to the task's own page, with its log, on the web UI. */
export function OpenOnWeb({ task }: { task: TaskView }) {
  return (
    <a
      href={taskOnWeb(useWebPort(), task)}
      aria-label={`Open ${task.taskId} on the web UI`}
      title="Open with its log on the web UI"
      className="inline-flex text-ink-3 hover:text-accent"
    >
      <ExternalLink size={14} />
    </a>
  );
}
