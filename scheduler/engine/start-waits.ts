/** Tasks whose wait is known from the DAG file are deferred at once: they need no worker first, and no slot. */
import type { DagIndex } from '#core/scheduling/dag-index.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { finalArgs, type WaitPlan } from '#core/waiting/plan.ts';
import { waiterOfSensor } from '#core/waiting/sensor-rules.ts';
import { describeWaiter, type Waiter } from '#core/waiting/waiter.ts';
import type { FlushBuilder } from './flush-builder.ts';
import { moveInstance } from './ingest.ts';
import type { PoolBook } from './pool-book.ts';

const withWaits = new WeakMap<DagIndex, boolean>();

function hasWaits(index: DagIndex): boolean {
  const known = withWaits.get(index);
  if (known !== undefined) return known;
  const has = index.tasks.some(({ spec }) => spec.wait !== undefined);
  withWaits.set(index, has);
  return has;
}

export interface StartingWaits {
  readonly pools: PoolBook;
  readonly flush: FlushBuilder;
  readonly nowMs: number;
}

/** Of a run that may start tasks. Where deferred tasks hold pool slots too, a task first gets its slot as any other does. */
export function startWaits({ pools, flush, nowMs }: StartingWaits, run: RunModel): void {
  if (!hasWaits(run.index)) return;
  for (const instance of [...run.ready]) {
    const { wait, sensor } = run.taskOf(instance).task.spec;
    if (wait === undefined || sensor === null || instance.isResumed || pools.holds(instance.pool, 'deferred')) continue;
    const waiter: Waiter = { ...waiterOfSensor(sensor), ...argsNow(wait, run, nowMs), onFound: wait.onFound ?? 'succeed', state: null };
    const words = describeWaiter(waiter);
    const reason = `waits for ${words}`;
    flush.move(run, { instance, event: 'start_deferred', from: 'scheduled', to: 'deferred', reason, tryDelta: 0 });
    flush.waiters.push({ taskInstanceId: instance.id, waiter, words, sealedArgs: null });
    moveInstance(run, pools, instance, 'deferred');
    // As the flush does: an answer to the wait of the try before must not end this one.
    instance.leaseEpoch += 1;
    instance.reason = reason;
  }
}

function argsNow({ kind, args, everyMs }: WaitPlan, { row }: RunModel, nowMs: number): Pick<Waiter, 'kind' | 'args' | 'everyMs'> {
  const logicalDateMs = row.logicalDateMs ?? row.runAfterMs;
  return { kind, everyMs, args: finalArgs({ kind, args }, { nowMs, logicalDateMs, intervalEndMs: row.intervalEndMs ?? logicalDateMs }) };
}
