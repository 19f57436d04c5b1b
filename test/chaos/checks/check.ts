/** What every check is: a promise in words, and who breaks it. */
import type { Cluster } from '../cluster.ts';
import type { Life } from '../ledger.ts';
import type { DagPlan } from '../workload/plan.ts';
import type { Users } from '../workload/users.ts';

/** All that there is to be judged, once everything is quiet. */
export interface Evidence {
  readonly cluster: Cluster;
  readonly plans: readonly DagPlan[];
  readonly lives: readonly Life[];
  /** When the ledger was read, ms since 1970. */
  readonly readMs: number;
  readonly users: Users;
  /** Of the DAGs that run by the clock, ms since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  /** Nothing was broken on purpose, only slow. */
  readonly isCalm: boolean;
}

export interface Check {
  readonly id: string;
  readonly promise: string;
  /** In words, with ids; empty = it holds. */
  readonly violations: (evidence: Evidence) => Promise<readonly string[]>;
}

export interface Broken {
  readonly id: string;
  readonly promise: string;
  readonly violations: readonly string[];
}
