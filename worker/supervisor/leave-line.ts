/** An attempt that ends while it stands in the line of a process: the others there go on. */
import { type Clock, within } from '#platform/clock.ts';
import type { TaskProcess } from '../task-process.ts';

export interface Place {
  readonly process: TaskProcess;
  /** Settles with whether its turn has come. */
  readonly hasTurn: Promise<boolean>;
}

/** A process that does not say in time what has begun in it stands still. */
const ANSWER_MS = 1_000;

/** Resolves with whether its body has begun; until then nobody knows, after that it is decided. */
export async function leaveLine({ process, hasTurn }: Place, clock: Clock): Promise<boolean> {
  const recalled = process.recall().then(() => true);
  if (!(await within(clock, ANSWER_MS, recalled, false))) await process.kill();
  return hasTurn;
}
