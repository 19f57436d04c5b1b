/** That a green round means something: with nothing broken, or nothing done, every promise would hold, too. */
import type { Broken } from './checks/check.ts';
import { FAULT_KINDS, type FaultKind, type Sort, sortOf } from './nemesis/schedule.ts';
import type { Totals } from './verdict.ts';

const MINUTE_MS = 60_000;
/** In each minute; a round of faults without pause does several times as many on two busy cores. */
const SUCCESSES_MIN = 30;
const RUNS_MIN = 5;

/** Asked of rounds of a minute and more. */
export function proofOf({ struck, links, attempts, runs, shardMoves }: Totals, durationMs: number, kinds: readonly FaultKind[]): Broken {
  const promise = 'Faults of every sort really struck, leases were really lost, and work was really done.';
  const minutes = Math.floor(durationMs / MINUTE_MS);
  if (minutes < 1) return { id: 'PROOF', promise, violations: [] };
  const bySort = new Map<Sort, number>(kinds.map((kind) => [sortOf(kind), 0]));
  for (const kind of kinds) bySort.set(sortOf(kind), (bySort.get(sortOf(kind)) ?? 0) + (struck[kind] ?? 0));
  bySort.delete('now and then');
  const wanted: [string, number, number][] = [
    ...[...bySort].map(([sort, n]): [string, number, number] => [`faults of the sort ${sort}`, n, 1]),
    ['attempts that succeeded', attempts['success'] ?? 0, SUCCESSES_MIN * minutes],
    ['runs that ended', (runs['success'] ?? 0) + (runs['failed'] ?? 0), RUNS_MIN * minutes],
  ];
  // Whoever chooses some faults may choose such as take no lease away.
  if (FAULT_KINDS.every((kind) => kinds.includes(kind) || ['redis', 'now and then'].includes(sortOf(kind))))
    wanted.push(
      ['attempts that lost their lease', attempts['lost'] ?? 0, 1],
      ['take-overs of shards', shardMoves, 1],
      ['connections that were cut', links['cut'] ?? 0, 1],
    );
  const lacking = wanted.filter(([, n, least]) => n < least);
  return { id: 'PROOF', promise, violations: lacking.map(([what, n, least]) => `${n} ${what}, at least ${least} are wanted`) };
}
