/**
 * Which of the ready instances go to the queue now. All limits must pass: pool, parallelism, the run's
 * maxActiveTasks, the task's own limits and the mapped region's maxActive. Pure; the caller holds the slots.
 */
import type { Instance, RunModel } from './run-model.ts';

export interface Slots {
  /** Free slots of a pool as held by this shard; undefined = there is no such pool. */
  poolFree(pool: string, shard: number): number | undefined;
  /** All slots of the pool, for the reason. */
  poolLimit(pool: string): number;
  parallelismFree: number;
}

export interface Choice {
  readonly run: RunModel;
  readonly instance: Instance;
}

export interface Held extends Choice {
  readonly reason: string;
}

export interface Chosen {
  readonly enqueue: readonly Choice[];
  /** Ready but held back, with the reason in words. */
  readonly held: readonly Held[];
  /** Slots wanted beyond what the shards hold. */
  readonly wanted: readonly { readonly pool: string; readonly shard: number; readonly slots: number }[];
}

/** Looking further than this down one run's list in one pass is left to the next pass. */
const SCAN_MAX = 2_000;

export function chooseQueue(runs: Iterable<RunModel>, slots: Slots, activeOfTask: (dagId: string, taskId: string) => number): Chosen {
  const enqueue: Choice[] = [];
  const held: Held[] = [];
  const wanted = new Map<string, { pool: string; shard: number; slots: number }>();
  const taken = new Map<string, number>();
  const activeOf = new Map<string, number>();
  let parallelism = slots.parallelismFree;

  for (const { run, instance } of inOrder(runs, activeOf, held, activeOfTask)) {
    const { shard } = run.row;
    const key = `${instance.pool}/${shard}`;
    const free = slots.poolFree(instance.pool, shard);
    if (free === undefined) {
      hold(held, run, instance, `pool ${instance.pool} does not exist. Create it, or change the task's pool`);
      continue;
    }
    const used = taken.get(key) ?? 0;
    if (free - used < instance.poolSlots) {
      wanted.set(key, { pool: instance.pool, shard, slots: (wanted.get(key)?.slots ?? 0) + instance.poolSlots });
      hold(held, run, instance, fullPool(instance, slots.poolLimit(instance.pool)));
      continue;
    }
    if (parallelism <= 0) {
      hold(held, run, instance, 'parallelism reached: the scheduler runs as many tasks as it may at once');
      continue;
    }
    parallelism -= 1;
    taken.set(key, used + instance.poolSlots);
    enqueue.push({ run, instance });
  }
  return { enqueue, held, wanted: [...wanted.values()] };
}

/** Each run offers what its own limits allow; heavier first, then the run that is due earlier. */
function inOrder(
  runs: Iterable<RunModel>,
  activeOf: Map<string, number>,
  held: Held[],
  activeOfTask: (dagId: string, taskId: string) => number,
): Choice[] {
  const offers: Choice[] = [];
  for (const run of runs) {
    if (run.ready.size === 0) continue;
    const spec = run.index.spec;
    const ready = [...run.ready].slice(0, SCAN_MAX).sort((a, b) => b.priorityWeight - a.priorityWeight);
    let allowance = spec.maxActiveTasks - run.occupying;
    for (const instance of ready) {
      if (allowance <= 0) {
        hold(held, run, instance, `maxActiveTasks reached: ${spec.maxActiveTasks} tasks of this run are queued or running`);
        continue;
      }
      const refusal = taskLimit(run, instance, activeOf, activeOfTask);
      if (refusal !== null) {
        hold(held, run, instance, refusal);
        continue;
      }
      allowance -= 1;
      offers.push({ run, instance });
    }
  }
  return offers.sort((a, b) => b.instance.priorityWeight - a.instance.priorityWeight || a.run.row.runAfterMs - b.run.row.runAfterMs);
}

/** `activeOf`: what is active or offered, by run and task and by DAG and task; counted once a task, not once an instance. */
function taskLimit(
  run: RunModel,
  instance: Instance,
  activeOf: Map<string, number>,
  activeOfTask: (dagId: string, taskId: string) => number,
): string | null {
  const state = run.taskOf(instance);
  const { taskId, maxActiveTisPerDag, maxActiveTisPerDagrun } = state.task.spec;
  const perRun = Math.min(maxActiveTisPerDagrun ?? Number.POSITIVE_INFINITY, state.task.scope?.maxActive ?? Number.POSITIVE_INFINITY);
  if (maxActiveTisPerDag === null && perRun === Number.POSITIVE_INFINITY) return null;
  const runKey = `${run.row.dagRunId}/${taskId}`;
  const dagKey = `${run.row.dagId}/${taskId}`;
  const inRun = activeOf.get(runKey) ?? state.instances.filter((other) => other.state === 'queued' || other.state === 'running').length;
  if (inRun >= perRun) {
    activeOf.set(runKey, inRun);
    return `${perRun} instances of this task may run at once in a run`;
  }
  const inDag = maxActiveTisPerDag === null ? 0 : (activeOf.get(dagKey) ?? activeOfTask(run.row.dagId, taskId));
  if (maxActiveTisPerDag !== null && inDag >= maxActiveTisPerDag) {
    activeOf.set(dagKey, inDag);
    return `maxActiveTisPerDag reached: ${maxActiveTisPerDag} instances of this task run in this DAG`;
  }
  activeOf.set(runKey, inRun + 1);
  activeOf.set(dagKey, inDag + 1);
  return null;
}

function fullPool({ pool, poolSlots }: Instance, limit: number): string {
  return poolSlots === 1
    ? `pool ${pool} is full: all ${limit} slots are taken`
    : `pool ${pool} has too few free slots: the task needs ${poolSlots} of ${limit}`;
}

function hold(held: Held[], run: RunModel, instance: Instance, reason: string): void {
  held.push({ run, instance, reason });
}
