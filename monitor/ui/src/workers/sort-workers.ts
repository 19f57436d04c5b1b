import type { WorkerView } from '../../../api/types.ts';
import { STATUS_ORDER } from './worker-status.tsx';

export interface WorkerColumn {
  readonly id: string;
  readonly label: string;
  readonly isNumber: boolean;
  readonly value: (worker: WorkerView) => number | string;
  /** Left out of the compact table of the overview. */
  readonly isExtra?: boolean;
}

/** The columns of the workers table; the id goes into ?sort=, with a "-" for descending. */
export const WORKER_COLUMNS: readonly WorkerColumn[] = [
  { id: 'worker', label: 'Worker', isNumber: false, value: (worker) => worker.workerId },
  { id: 'status', label: 'Status', isNumber: false, value: (worker) => STATUS_ORDER.indexOf(worker.status) },
  { id: 'queues', label: 'Queues', isNumber: false, value: (worker) => worker.queues.join(' ') },
  { id: 'slots', label: 'Slots', isNumber: false, value: (worker) => (worker.slots === 0 ? 0 : worker.tasks.length / worker.slots) },
  { id: 'processed', label: 'Processed', isNumber: true, value: (worker) => worker.processed },
  { id: 'failed', label: 'Failed', isNumber: true, value: (worker) => worker.failed },
  { id: 'cpu', label: 'CPU', isNumber: true, value: (worker) => worker.info.cpuPercent ?? -1 },
  { id: 'rss', label: 'Memory', isNumber: true, value: (worker) => worker.info.rssBytes ?? -1 },
  { id: 'lag', label: 'Loop lag', isNumber: true, value: (worker) => worker.info.eventLoopLagMs ?? -1 },
  { id: 'uptime', label: 'Uptime', isNumber: true, value: (worker) => -Date.parse(worker.startedAt), isExtra: true },
  { id: 'heartbeat', label: 'Heartbeat', isNumber: true, value: (worker) => worker.heartbeatAgeSeconds },
];

/** Sorts by a column of ?sort=; without one, problems first, then by name. */
export function sortWorkers(workers: readonly WorkerView[], sort: string | null): readonly WorkerView[] {
  const isDescending = sort?.startsWith('-') === true;
  const column = WORKER_COLUMNS.find((candidate) => candidate.id === sort?.replace(/^-/, ''));
  const byName = (a: WorkerView, b: WorkerView) => a.workerId.localeCompare(b.workerId, 'en', { numeric: true });
  const byStatus = (a: WorkerView, b: WorkerView) => STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status);
  if (column === undefined) return workers.toSorted((a, b) => byStatus(a, b) || byName(a, b));
  const direction = isDescending ? -1 : 1;
  return workers.toSorted((a, b) => direction * compare(column.value(a), column.value(b)) || byName(a, b));
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
}
