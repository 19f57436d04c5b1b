/** Brings rows that changed in Postgres into the models. */
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { Queryable } from '#platform/db/client.ts';
import { type ReadInstance, readInstances } from '#platform/db/queries/read-instances.ts';
import type { Heard } from './inbox.ts';
import type { Memory } from './memory.ts';
import type { PoolBook } from './pool-book.ts';

const READ_MAX = 1_000;

export interface Models {
  readonly memory: Memory;
  readonly pools: PoolBook;
}

/** What has ended: a success that says enough is believed, and all else is read. `changed` is told each run that is not as it was. */
export async function ingestEnded(
  db: Queryable,
  { memory, pools }: Models,
  { endedIds, successes }: Pick<Heard, 'endedIds' | 'successes'>,
  changed: (run: RunModel) => void,
): Promise<void> {
  const unclear: string[] = [];
  for (const success of successes) {
    const run = applySuccess(memory, pools, success);
    if (run) changed(run);
    else unclear.push(success.id);
  }
  const mine = [...endedIds, ...unclear].filter((id) => memory.runOfInstance(id) !== undefined);
  for (let start = 0; start < mine.length; start += READ_MAX)
    for (const row of await readInstances(db, mine.slice(start, start + READ_MAX))) {
      const applied = applyRow(memory, pools, row);
      if (applied) changed(applied.run);
    }
}

/** Applies one row. Returns its run when it changed anything, or null. */
function applyRow(memory: Memory, pools: PoolBook, row: ReadInstance): { readonly run: RunModel; readonly instance: Instance } | null {
  const run = memory.runs.get(row.dagRunId);
  const instance = run?.byId.get(row.id);
  if (!run || !instance) return null;
  const unchanged = instance.state === row.state && instance.leaseEpoch === row.leaseEpoch && instance.tryNumber === row.tryNumber;
  if (unchanged) return null;
  for (const [scopeId, length] of Object.entries(row.mapLengths ?? {})) run.mapLengths.set(scopeId, length);
  instance.leaseEpoch = row.leaseEpoch;
  instance.tryNumber = row.tryNumber;
  instance.nextTryAtMs = row.nextTryAtMs;
  instance.followed = row.followed;
  instance.reason = row.reason;
  instance.readySinceMs = row.readySinceMs ?? null;
  instance.isResumed = row.isResumed === true;
  moveInstance(run, pools, instance, row.state);
  run.dirty.add(instance);
  return { run, instance };
}

/**
 * A success of which nothing is read, since what is known of the instance is what was before the lease it ended under: it was
 * queued then, or read while it ran. Null when that is not so, and it is to be read.
 */
function applySuccess(memory: Memory, pools: PoolBook, { id, leaseEpoch }: { id: string; leaseEpoch: number }): RunModel | null {
  const run = memory.runOfInstance(id);
  const instance = run?.byId.get(id);
  if (!run || !instance) return null;
  const isNext = instance.state === 'queued' && instance.leaseEpoch + 1 === leaseEpoch;
  if (!isNext && !(instance.state === 'running' && instance.leaseEpoch === leaseEpoch)) return null;
  instance.leaseEpoch = leaseEpoch;
  instance.nextTryAtMs = null;
  instance.followed = null;
  instance.reason = null;
  instance.isResumed = false;
  moveInstance(run, pools, instance, 'success');
  run.dirty.add(instance);
  return run;
}

/** The way every instance enters or leaves the states that hold a pool slot. */
export function moveInstance(run: RunModel, pools: PoolBook, instance: Instance, to: Instance['state']): void {
  const before = pools.holds(instance.pool, instance.state);
  const after = pools.holds(instance.pool, to);
  run.setState(instance, to);
  if (before !== after) pools.take(run, instance.pool, after ? instance.poolSlots : -instance.poolSlots);
}
