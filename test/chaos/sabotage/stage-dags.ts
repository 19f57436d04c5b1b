/** The DAGs of the directed plays: bodies that live until the script lets them go, and write their lives into the ledger. */

/** In a pool of one slot, of as many DAGs: each scheduler has some of them. */
export const SLOT_DAGS: readonly string[] = Array.from({ length: 10 }, (_, number) => `slot_${number}`);
export const ONE_SLOT = 'one';

/** `go`: the folder in which a file "<run id>.<try>" lets a body end. Neither it nor the ledger is known to Windlass. */
export function stageDags(ledger: string, go: string): string {
  return `
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dag } from 'windlass';

const body = (waits) => async (ctx) => {
  const about = { token: randomUUID(), key: ctx.idempotencyKey, dag: ctx.run.dagId, run: ctx.run.id, task: ctx.task.id, map: ctx.task.mapIndex,
    attempt: ctx.task.attempt, pid: process.pid };
  const write = (kind, more) => appendFileSync(${JSON.stringify(ledger)}, JSON.stringify({ kind, ...about, at: Date.now(), ...more }) + '\\n');
  write('start');
  while (waits && !existsSync(${JSON.stringify(go)} + '/' + ctx.run.id + '.' + ctx.task.attempt)) {
    await sleep(50);
    write('beat');
  }
  write('end', { how: 'ok' });
};
const tries = { retries: 5, retryDelay: '50ms' };
const one = (id, waits, options) => dag(id, { schedule: null }, (b) => void b.task('t', body(waits), { ...tries, ...options }));

export const dags = [
  one('held', true, {}),
  one('quick', false, {}),
  dag('pair', { schedule: null, maxActiveTasks: 1 }, (b) => {
    b.task('t', body(true), { ...tries, priorityWeight: 10 });
    b.task('after', body(false), tries);
  }),
  ...${JSON.stringify(SLOT_DAGS)}.map((id) => one(id, true, { pool: ${JSON.stringify(ONE_SLOT)} })),
];
`;
}
