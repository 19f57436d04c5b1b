import type { WorkerStatus } from './api/types.ts';

/** A worker that let this many heartbeats pass is lost. */
const MISSED_HEARTBEATS = 3;

/** Returns after how many milliseconds of silence a worker counts as lost. */
export function lostAfterMs(serviceHeartbeatMs: number): number {
  return MISSED_HEARTBEATS * serviceHeartbeatMs;
}

export interface WorkerSigns {
  readonly stopped: boolean;
  readonly heartbeatAgeMs: number;
  /** As the worker last reported it; null = it never did. */
  readonly state: string | null;
}

/** Tells what a worker is: a clean stop first, then silence, then what it says of itself. */
export function workerStatus(signs: WorkerSigns, silenceMs: number): WorkerStatus {
  if (signs.stopped) return 'stopped';
  if (signs.heartbeatAgeMs > silenceMs) return 'lost';
  if (signs.state === 'paused' || signs.state === 'draining') return signs.state;
  return 'online';
}
