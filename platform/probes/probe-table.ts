/** Every probe there is. Types alone reach production code: a probe that is not here does not compile, one that is here and never called fails a test. */
import { SCHEDULER_PROBES } from './scheduler-probes.ts';
import { SERVING_PROBES } from './serving-probes.ts';
import { WORKER_PROBES } from './worker-probes.ts';

/** Which process gets there. */
export type ProbedProcess = 'scheduler' | 'worker' | 'triggerer' | 'webserver' | 'migrator';

export interface Probe {
  readonly process: ProbedProcess;
  /** Where in the code. */
  readonly room: string;
  /** The last effect that lasts, or that others can see. */
  readonly done: string;
  /** The next one, which is still missing. */
  readonly lacks: string;
  /** What must become of the work when the process ends, sleeps past its leases or fails here. */
  readonly outcome: string;
}

export const PROBES = { ...SCHEDULER_PROBES, ...WORKER_PROBES, ...SERVING_PROBES } as const;

export type ProbeName = keyof typeof PROBES;
