/** What a soak looks at, and how much of each may come and go. A metric's name begins with its kind: `heap scheduler`. */
import type { Tolerance } from './trend.ts';

const MB = 1024 * 1024;

export interface Kind {
  readonly unit: 'MB' | '';
  readonly about: string;
  readonly tolerance: Tolerance;
  /** Follows the work that is done: judged at one pace, as a busy machine has none. */
  readonly followsWork?: true;
}

/**
 * A share of the level, and an absolute part for what is small. Both hold for the whole window, whatever its length: a longer soak
 * asks for a flatter line. Resident memory is rough: the allocator gives back late.
 */
export const KINDS = {
  heap: { unit: 'MB', about: 'heap of a process after a full collection', tolerance: { absolute: 2, share: 0.06 } },
  external: { unit: 'MB', about: 'buffers of a process outside its heap', tolerance: { absolute: 3, share: 0.2 } },
  rss: { unit: 'MB', about: 'resident memory of a process', tolerance: { absolute: 20, share: 0.12 } },
  below: { unit: 'MB', about: 'resident memory of the processes below a process', tolerance: { absolute: 60, share: 0.25 } },
  fds: { unit: '', about: 'open files and sockets of a process', tolerance: { absolute: 5, share: 0.15 } },
  handles: { unit: '', about: 'timers, sockets and the like that keep a process alive', tolerance: { absolute: 6, share: 0.2 } },
  children: { unit: '', about: 'processes below a process', tolerance: { absolute: 2, share: 0.2 } },
  connections: {
    unit: '',
    about: 'connections to Postgres; pools open more of them while the machine is slow, up to 8 each, and close them after a minute',
    tolerance: { absolute: 12, share: 0.15 },
  },
  unused: {
    unit: '',
    about: 'connections that have done nothing for longer than a pool keeps them',
    tolerance: { absolute: 1, share: 0.15 },
  },
  rows: { unit: '', about: 'live rows of a table', tolerance: { absolute: 60, share: 0.25 }, followsWork: true },
  table: { unit: 'MB', about: 'size of a table with its indexes', tolerance: { absolute: 1.5, share: 0.25 } },
  redis: { unit: 'MB', about: 'memory that Redis uses', tolerance: { absolute: 1, share: 0.2 } },
  keys: { unit: '', about: 'keys in Redis', tolerance: { absolute: 10, share: 0.3 } },
  folder: { unit: 'MB', about: 'files of a folder', tolerance: { absolute: 2, share: 0.25 } },
  files: { unit: '', about: 'number of files of a folder', tolerance: { absolute: 40, share: 0.25 }, followsWork: true },
} as const satisfies Readonly<Record<string, Kind>>;

export type MetricKind = keyof typeof KINDS;

export const megabytes = (bytes: number): number => bytes / MB;

export function kindOf(metric: string): Kind {
  return KINDS[metric.split(' ', 1)[0] as MetricKind];
}
