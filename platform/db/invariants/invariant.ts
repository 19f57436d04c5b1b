/** What is always true of the database, as data: each invariant is a promise in words and the query that finds who breaks it. */
import type { Queryable } from '../client.ts';

export interface Invariant {
  readonly id: string;
  /** What is promised. */
  readonly promise: string;
  /** What to do when it is broken. */
  readonly next: string;
  /**
   * A query, or what answers who breaks it when a query cannot. It selects one column, `detail`: who breaks it. Reads the runs of `recent` (dag_run_id, dag_id, run_id, state, shard,
   * version_id, queued_at, started_at, name) and their instances, `ti` (or `told`,
   * with last_event and last_state of their history); takes no parameters.
   */
  readonly violations: string | ((db: Queryable, historyMs: number) => Promise<readonly string[]>);
}

/** A broken promise about what was: nothing repairs the past, but somebody must learn of it. */
export const REPORT_IT =
  'This is a fault of Windlass: please report it with these ids, and keep the rows (pg_dump) until it is understood.';
