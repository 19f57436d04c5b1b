/** Sends ready instances to the queue as far as every limit allows, and says of the others what they wait for. */
import { type Chosen, chooseQueue, type Slots } from '#core/scheduling/choose-queue.ts';
import type { Holder } from '#platform/db/queries/reserve-pool-slots.ts';
import type { EngineDeps } from './deps.ts';
import type { FlushBuilder } from './flush-builder.ts';
import { moveInstance } from './ingest.ts';
import type { Memory } from './memory.ts';
import type { PoolBook } from './pool-book.ts';
import { startWaits } from './start-waits.ts';

export interface Enqueueing {
  readonly deps: EngineDeps;
  readonly memory: Memory;
  readonly pools: PoolBook;
  readonly holder: Holder;
  readonly nowMs: number;
  readonly flush: FlushBuilder;
}

/** Runs of paused DAGs queue nothing; what is queued or running already goes on. */
export async function enqueueReady(work: Enqueueing): Promise<void> {
  const { deps, memory, pools, holder, flush } = work;
  if (![...memory.runs.values()].some((run) => run.ready.size > 0)) return;
  let chosen = choose(work);
  if (
    await pools.findMissing(
      deps.db,
      holder.fence.map((held) => held.shard),
    )
  )
    chosen = choose(work);
  if (chosen.wanted.length > 0 && (await pools.reserve(deps.db, holder, chosen.wanted))) chosen = choose(work);
  for (const { run, instance, reason } of chosen.held) flush.note(run, instance, reason);
}

function choose(work: Enqueueing): Chosen {
  const { memory, pools, flush, nowMs } = work;
  const runs = [...memory.runs.values()].filter(
    (run) => run.ready.size > 0 && run.row.state === 'running' && !memory.dags.get(run.row.dagId)?.row.isPaused,
  );
  startWaits(work, runs);
  const chosen = chooseQueue(runs, slotsOf(work), (dagId, taskId) => activeOfTask(memory, dagId, taskId));
  for (const { run, instance } of chosen.enqueue) {
    flush.move(run, { instance, event: 'enqueue', from: 'scheduled', to: 'queued', reason: null, tryDelta: 0 });
    moveInstance(run, pools, instance, 'queued');
    instance.reason = null;
    instance.queuedAtMs = nowMs;
    flush.queued.push({ run, instance });
  }
  return chosen;
}

function slotsOf({ deps, memory, pools }: Enqueueing): Slots {
  let occupying = 0;
  for (const run of memory.runs.values()) occupying += run.occupying;
  return {
    poolFree: (pool, shard) => pools.free(pool, shard),
    poolLimit: (pool) => pools.limit(pool),
    parallelismFree: deps.config.parallelism - occupying,
  };
}

function activeOfTask(memory: Memory, dagId: string, taskId: string): number {
  let active = 0;
  for (const run of memory.runsOf(dagId)) {
    const state = run.tasks[run.index.byId.get(taskId)?.index ?? -1];
    for (const instance of state?.instances ?? []) if (instance.state === 'queued' || instance.state === 'running') active += 1;
  }
  return active;
}
