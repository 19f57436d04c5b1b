/** What every system under comparison does: the same three workloads, its own clock read from its own database. */

export interface Sizes {
  /** Tasks of the hand-over chain. */
  readonly chain: number;
  /** Independent no-op tasks of one run. */
  readonly wide: number;
  /** Sequential fibo(10) of the published comparison. */
  readonly fibonacci: number;
}

export interface PeerFigures {
  /** From one task's end to its dependent's start, medians, ms. */
  readonly hopP50Ms: number;
  readonly hopP99Ms: number;
  /** Independent no-op tasks a second, from the trigger to the end of the run. */
  readonly tasksPerSecond: number;
  /** 40 x fibo(10), from the trigger to the end of the run, ms. */
  readonly fibonacciMs: number;
}

export interface Peer {
  readonly name: string;
  /** What it was configured to do, in one line. */
  readonly setUp: string;
  measure(sizes: Sizes): Promise<PeerFigures>;
  stop(): Promise<void>;
}

/** [start, end] of tasks in their order, ms since 1970. */
export type Times = readonly (readonly [number, number])[];

/** The waits between one end and the next start. A clock may be a hair off: never below zero. */
export function hopsOf(times: Times): readonly number[] {
  return times.slice(1).map(([start], index) => Math.max(0, start - (times[index] as readonly [number, number])[1]));
}
