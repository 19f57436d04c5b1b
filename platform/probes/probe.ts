/**
 * Named points between two durable effects. In production a call asks one variable and is over; only code of test/ sets
 * that variable, from inside the process (no setting and no message can), and then kills, stops or fails the process there.
 */
import type { ProbeName } from './probe-table.ts';

type Handler = (name: ProbeName) => void;

let handler: Handler | null = null;

/** The process is at this point now. Throws only what a test makes it throw. */
export function probe(name: ProbeName): void {
  if (handler !== null) handler(name);
}

/** For tests alone: test/probes shows that no other code calls it. */
export function handleProbes(given: Handler | null): void {
  handler = given;
}
