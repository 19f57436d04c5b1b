/** Addresses of pages here and on the web UI, and of what they read: the only place where ids enter paths. */
import type { TaskView } from '../../../api/types.ts';

const enc = encodeURIComponent;

export const pages = {
  overview: '/',
  workers: '/workers',
  worker: (workerId: string) => `/workers/${enc(workerId)}`,
  queues: '/queues',
  tasks: (query: Readonly<Record<string, string>> = {}) => {
    const text = new URLSearchParams(query).toString();
    return text === '' ? '/tasks' : `/tasks?${text}`;
  },
} as const;

export const api = {
  session: '/api/v1/session',
  overview: '/api/v1/overview',
  workers: '/api/v1/workers',
  worker: (workerId: string) => `/api/v1/workers/${enc(workerId)}`,
  queues: '/api/v1/queues',
  tasks: '/api/v1/tasks',
  stream: '/api/v1/stream',
} as const;

/** The web UI runs on the same host under its own port. */
export function webOrigin(webPort: number): string {
  return `${window.location.protocol}//${window.location.hostname}:${webPort}`;
}

/** The task's own page on the web UI, opened at the attempt's log. */
export function taskOnWeb(webPort: number, task: Pick<TaskView, 'dagId' | 'runId' | 'taskId' | 'mapIndex'>): string {
  const map = task.mapIndex < 0 ? '' : `?map_index=${task.mapIndex}`;
  return `${webOrigin(webPort)}/dags/${enc(task.dagId)}/runs/${enc(task.runId)}/tasks/${enc(task.taskId)}${map}`;
}

/** The DAG's page on the web UI. */
export function dagOnWeb(webPort: number, dagId: string): string {
  return `${webOrigin(webPort)}/dags/${enc(dagId)}`;
}
