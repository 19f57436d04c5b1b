/** The limits of a DAG, a run and a task, one row each: what they count, how many fit, and what to say when none does. */
import type { Surroundings } from './queue-surroundings.ts';
import type { Instance, RunModel, TaskState } from './run-model.ts';

/** What this pass has chosen and is not in the models yet. */
export interface Tentative {
  readonly ofRun: Map<RunModel, number>;
  readonly ofTask: Map<TaskState, number>;
  /** By "dag id/task id". */
  readonly ofDagTask: Map<string, number>;
}

export interface TaskLimit {
  /** What has to change before there may be room: a run's id, a DAG's id, or "pool:<name>". */
  readonly owner: string;
  readonly key: string;
  /** How many more may go now. */
  readonly room: (tentative: Tentative, around: Surroundings) => number;
  readonly words: () => string;
}

interface Candidate {
  readonly run: RunModel;
  readonly instance: Instance;
  readonly pool: string;
}

const SHOWN_MAX = 4;

/** In the order they are asked. Each returns the limit when the task has one. */
const LIMITS: readonly ((candidate: Candidate, around: Surroundings) => TaskLimit | null)[] = [
  whilePaused,
  slotsOfPool,
  maxActiveTasks,
  maxActiveTisPerDagrun,
  maxActiveTisPerDag,
];

/** The first limit that has no room for the candidate; null = it may go as soon as there is a slot. */
export function findFullLimit(candidate: Candidate, tentative: Tentative, around: Surroundings): TaskLimit | null {
  for (const make of LIMITS) {
    const limit = make(candidate, around);
    if (limit !== null && limit.room(tentative, around) <= 0) return limit;
  }
  return null;
}

function whilePaused({ run }: Candidate): TaskLimit {
  const { dagId } = run.row;
  return {
    owner: dagId,
    key: 'paused',
    room: (_, around) => (around.isPaused(dagId) ? 0 : Number.POSITIVE_INFINITY),
    words: () => 'the DAG is paused: unpause it and the task is queued',
  };
}

/** A task that needs more slots than its pool has would wait for ever. */
function slotsOfPool({ instance, pool }: Candidate, { pools }: Surroundings): TaskLimit {
  return {
    owner: `pool:${pool}`,
    key: `slots:${instance.poolSlots}`,
    room: (_, around) => {
      const limit = around.pools.limit(pool);
      return limit < 0 || instance.poolSlots <= limit ? Number.POSITIVE_INFINITY : 0;
    },
    words: () => pools.explain(pool, instance.poolSlots),
  };
}

function maxActiveTasks({ run }: Candidate): TaskLimit {
  const { maxActiveTasks: max } = run.index.spec;
  return {
    owner: run.row.dagRunId,
    key: 'maxActiveTasks',
    room: ({ ofRun }) => max - run.occupying - (ofRun.get(run) ?? 0),
    words: () => `maxActiveTasks reached: ${max} of ${max} tasks of this run are queued or running${busyIn(run)}`,
  };
}

function maxActiveTisPerDagrun({ run, instance }: Candidate): TaskLimit | null {
  const state = run.taskOf(instance);
  const { spec, scope } = state.task;
  const ofTask = spec.maxActiveTisPerDagrun ?? Number.POSITIVE_INFINITY;
  const max = Math.min(ofTask, scope?.maxActive ?? Number.POSITIVE_INFINITY);
  if (max === Number.POSITIVE_INFINITY) return null;
  const name = max === ofTask ? 'maxActiveTisPerDagrun' : 'maxActive';
  return {
    owner: run.row.dagRunId,
    key: `task:${spec.taskId}`,
    room: (tentative) => max - state.occupying - (tentative.ofTask.get(state) ?? 0),
    words: () => `${name} reached: ${max} of ${max} instances of ${spec.taskId} are queued or running in this run`,
  };
}

function maxActiveTisPerDag({ run, instance }: Candidate): TaskLimit | null {
  const { taskId, maxActiveTisPerDag: max } = run.taskOf(instance).task.spec;
  const { dagId } = run.row;
  if (max === null) return null;
  return {
    owner: dagId,
    key: `task:${taskId}`,
    room: ({ ofDagTask }, around) => max - occupyingInDag(around.runsOf(dagId), taskId) - (ofDagTask.get(`${dagId}/${taskId}`) ?? 0),
    words: () => `maxActiveTisPerDag reached: ${max} of ${max} instances of ${taskId} are queued or running in the runs of this DAG`,
  };
}

function occupyingInDag(runs: Iterable<RunModel>, taskId: string): number {
  let sum = 0;
  for (const run of runs) sum += run.tasks[run.index.byId.get(taskId)?.index ?? -1]?.occupying ?? 0;
  return sum;
}

/** ": extract, clean, …", or nothing before the first of them is in the model. */
function busyIn(run: RunModel): string {
  const names = new Set<string>();
  for (const instance of run.inFlight) {
    if (names.size > SHOWN_MAX) break;
    if (instance.state !== 'deferred') names.add(run.taskOf(instance).task.spec.taskId);
  }
  return names.size === 0 ? '' : `: ${[...names].slice(0, SHOWN_MAX).join(', ')}${names.size > SHOWN_MAX ? ', …' : ''}`;
}
