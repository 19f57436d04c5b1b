/** Brings rows that changed in Postgres into the models. */
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { ReadInstance } from '#platform/db/queries/read-instances.ts';
import type { Memory } from './memory.ts';
import type { PoolBook } from './pool-book.ts';

/** Applies one row. Returns its run when it changed anything, or null. */
export function applyRow(
  memory: Memory,
  pools: PoolBook,
  row: ReadInstance,
): { readonly run: RunModel; readonly instance: Instance } | null {
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

/** The way every instance enters or leaves the states that hold a pool slot. */
export function moveInstance(run: RunModel, pools: PoolBook, instance: Instance, to: Instance['state']): void {
  const before = pools.holds(instance.pool, instance.state);
  const after = pools.holds(instance.pool, to);
  run.setState(instance, to);
  if (before !== after) pools.take(run, instance.pool, after ? instance.poolSlots : -instance.poolSlots);
}
