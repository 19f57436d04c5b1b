/** A run in memory, for tests of the brain: its instances without a database. */
import type { DagSpec, TaskSpec } from '#core/dag-spec.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { type Instance, type InstanceRow, RunModel, type RunRow } from '#core/scheduling/run-model.ts';
import type { TaskInstanceState } from '#core/states.ts';
import { aDagSpec } from './a-dag-spec.ts';

export function anInstanceRow(taskId: string, change: Partial<InstanceRow> = {}): InstanceRow {
  return {
    id: taskId,
    taskId,
    mapIndex: -1,
    state: 'none',
    tryNumber: 0,
    leaseEpoch: 0,
    pool: 'p',
    poolSlots: 1,
    queue: 'q',
    priorityWeight: 1,
    nextTryAtMs: null,
    queuedAtMs: null,
    followed: null,
    reason: null,
    ...change,
  };
}

export function aRun(
  tasks: readonly TaskSpec[],
  { spec = {}, row = {} }: { readonly spec?: Partial<DagSpec>; readonly row?: Partial<RunRow> } = {},
): RunModel {
  const runRow: RunRow = {
    dagRunId: 'r',
    dagId: 'd',
    runId: 'r',
    runType: 'manual',
    shard: 0,
    state: 'running',
    runAfterMs: 0,
    logicalDateMs: null,
    startedAtMs: 0,
    params: {},
    revision: 0,
    ...row,
  };
  const run = new RunModel(
    runRow,
    indexDag(aDagSpec('d', tasks, spec)),
    tasks.map((task) => anInstanceRow(task.taskId)),
    new Map(),
  );
  run.markAllDirty();
  return run;
}

export function instanceOf(run: RunModel, id: string): Instance {
  const found = run.byId.get(id);
  if (!found) throw new Error(`there is no instance ${id}`);
  return found;
}

/** What a worker would say of a scheduled instance. */
export function end(run: RunModel, id: string, state: TaskInstanceState, followed: readonly string[] | null = null): void {
  const instance = instanceOf(run, id);
  if (instance.state !== 'scheduled') throw new Error(`${id} is ${instance.state}, not scheduled`);
  run.setState(instance, 'queued');
  run.setState(instance, 'running');
  instance.followed = followed;
  run.setState(instance, state);
}

export function statesOf(run: RunModel): Readonly<Record<string, TaskInstanceState>> {
  return Object.fromEntries([...run.byId].map(([id, instance]) => [id, instance.state]));
}
