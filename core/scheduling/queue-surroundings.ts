/** What the queues of ready instances have to know of the world around them. */
import type { RunModel } from './run-model.ts';

export interface PoolView {
  /** Free slots; undefined = there is no such pool; infinite = it has no limit. */
  open(pool: string): number | undefined;
  /** All slots; -1 = no limit. */
  limit(pool: string): number;
  /** Why an instance must wait for the pool, in words. */
  explain(pool: string, poolSlots: number): string;
}

export interface Surroundings {
  readonly pools: PoolView;
  readonly parallelismFree: number;
  readonly parallelismWords: string;
  readonly nowMs: number;
  readonly isPaused: (dagId: string) => boolean;
  /** Other runs of the DAG that may have instances of the same task. */
  readonly runsOf: (dagId: string) => Iterable<RunModel>;
}
