/**
 * One DAG run in memory: its instances, and for each what its upstreams have come to. `setState` is the only
 * way a state changes here; it keeps the counters right and notes what has to be looked at again (`dirty`).
 * Nothing in here does I/O: the scheduler feeds it rows and carries out what `decideRun` says.
 */
import { SPEC_LIMITS } from '../dag-spec.ts';
import { type DagRunState, isFinished, OCCUPYING_STATES, type TaskInstanceState } from '../states.ts';
import { evaluateTriggerRule } from '../trigger-rules.ts';
import { emptyCounts, type MutableCounts, recount } from './counts.ts';
import { type DagIndex, type IndexedTask, isIndexWise, reachableFrom } from './dag-index.ts';
import type { PreviousRun } from './past.ts';
import { NO_LINKS } from './setup-index.ts';

export interface Instance {
  readonly id: string;
  readonly taskIndex: number;
  /** -1 = not mapped, or mapped and not expanded yet. */
  mapIndex: number;
  state: TaskInstanceState;
  tryNumber: number;
  leaseEpoch: number;
  readonly pool: string;
  readonly poolSlots: number;
  readonly queue: string;
  readonly priorityWeight: number;
  /** up_for_retry, up_for_reschedule: not before this, ms since 1970 by the database's clock. */
  nextTryAtMs: number | null;
  queuedAtMs: number | null;
  /** branch, gate: direct downstream task ids that may run; null = all. */
  followed: readonly string[] | null;
  reason: string | null;
  /** `scheduled`: since when, ms; its age counts for its place in the queue. */
  readySinceMs?: number | null;
  /** What it waited for has come: its body is to be called. */
  isResumed?: boolean;
  /** It failed before the run was started anew: a person left it as it was, so it does not stop the run again. */
  failedBefore?: boolean;
  /** Upstreams of the same mapped region, by index. */
  readonly local: MutableCounts;
}

/** What is read from the database for one instance. */
export type InstanceRow = Omit<Instance, 'taskIndex' | 'local'> & { readonly taskId: string };

export interface TaskState {
  readonly task: IndexedTask;
  /** By map index once expanded; else the one placeholder or the one instance. */
  instances: Instance[];
  expanded: boolean;
  /** Upstreams outside the mapped region: all instances of all of them. */
  readonly upstream: MutableCounts;
  /** The task's own instances. */
  readonly own: MutableCounts;
  /** Of the own instances, those queued or running. */
  occupying: number;
}

export interface RunRow {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: string;
  readonly shard: number;
  state: DagRunState;
  readonly runAfterMs: number;
  readonly logicalDateMs: number | null;
  /** End of the data interval. */
  readonly intervalEndMs?: number | null;
  startedAtMs: number | null;
  readonly params: unknown;
  revision: number;
  /** queued: why it has not started, as recorded. */
  reason?: string | null;
  /** Why it was stopped before its time (core/scheduling/stop-run.ts): it fails once its teardowns have ended. */
  stopReason?: string | null;
  /** The backfill the run belongs to: its limit and pause count for the run, not the DAG's limit. */
  readonly backfill?: RunBackfill | null;
}

export interface RunBackfill {
  readonly backfillId: number;
  /** Place in the backfill's order. */
  readonly ordinal: number;
  readonly maxActiveRuns: number;
  readonly isPaused: boolean;
}

export class RunModel {
  readonly row: RunRow;
  readonly index: DagIndex;
  readonly tasks: readonly TaskState[];
  readonly byId = new Map<string, Instance>();
  /** Instances to look at again; a Set keeps their order. */
  readonly dirty = new Set<Instance>();
  /** Lengths of lists that are mapped over, by list id. */
  readonly mapLengths: Map<string, number>;
  /** Lists that are none, by list id, in words. */
  readonly mapProblems = new Map<string, string>();
  /** A region may have at most this many instances of each task. */
  mapLengthMax: number = SPEC_LIMITS.mappedInstances;
  /** In `scheduled`, waiting for a slot. */
  readonly ready = new Set<Instance>();
  /** Of `ready`, what the queues of the pools have not been told of yet. */
  readonly arrived = new Set<Instance>();
  /** In up_for_retry or up_for_reschedule, waiting for their instant. */
  readonly timed = new Set<Instance>();
  /** With a worker, on the way to one, or deferred: what changes without the scheduler. */
  readonly inFlight = new Set<Instance>();
  /** Read before each decision of a DAG whose tasks look at the run before. */
  previous: PreviousRun | null = null;
  /** Instances whose rule is met but that wait for something else, with the reason in words. */
  readonly held = new Map<Instance, string>();
  /** Gates that are closed for everything downstream, whatever its rule. */
  readonly closedGates = new Set<Instance>();
  /** Tasks of many instances with an upstream that moved: looked at as one, because all of them wait for the same. */
  readonly #waking = new Set<TaskState>();
  unfinished = 0;
  /** queued or running: what counts against the limits. */
  occupying = 0;

  constructor(row: RunRow, index: DagIndex, instances: readonly InstanceRow[], mapLengths: ReadonlyMap<string, number>) {
    this.row = row;
    this.index = index;
    this.mapLengths = new Map(mapLengths);
    this.tasks = index.tasks.map((task) => ({
      task,
      instances: [],
      expanded: false,
      upstream: emptyCounts(),
      own: emptyCounts(),
      occupying: 0,
    }));
    for (const instance of instances) this.#adopt(instance);
    for (const state of this.tasks) {
      state.instances.sort((a, b) => a.mapIndex - b.mapIndex);
      state.expanded = state.instances.some((instance) => instance.mapIndex >= 0);
    }
    this.#countEverything();
  }

  taskOf(instance: Instance): TaskState {
    return this.tasks[instance.taskIndex] as TaskState;
  }

  /** Marks every unfinished instance: after a load, or when the run starts. */
  markAllDirty(): void {
    for (const instance of this.byId.values()) if (!isFinished(instance.state)) this.dirty.add(instance);
  }

  setState(instance: Instance, to: TaskInstanceState): void {
    const from = instance.state;
    if (from === to) return;
    instance.state = to;
    this.held.delete(instance);
    this.#recountRun(from, to, 1);
    this.#file(instance);
    const source = this.taskOf(instance);
    source.occupying += occupies(to) - occupies(from);
    recount(source.own, from, to);
    for (const number of source.task.downstream) {
      const target = this.tasks[number] as TaskState;
      if (isIndexWise(source.task, target.task)) {
        for (const peer of peersOf(target, instance.mapIndex)) {
          recount(peer.local, from, to);
          this.dirty.add(peer);
        }
      } else {
        recount(target.upstream, from, to);
        if (target.instances.length > 1) this.#waking.add(target);
        else for (const waiting of target.instances) if (waiting.state === 'none') this.dirty.add(waiting);
      }
    }
    for (const number of source.task.links.alsoWakes) this.#wake(instance, number);
    if (this.closedGates.has(instance)) for (const number of reachableFrom(this.index, instance.taskIndex)) this.#wake(instance, number);
    if (!isFinished(to)) this.dirty.add(instance);
  }

  /** What waits in a task that is not directly downstream of the instance. */
  #wake(instance: Instance, number: number): void {
    const target = this.tasks[number] as TaskState;
    const peer =
      instance.mapIndex >= 0 && isIndexWise(this.taskOf(instance).task, target.task) ? target.instances[instance.mapIndex] : undefined;
    for (const waiting of peer ? [peer] : target.instances) if (waiting.state === 'none') this.dirty.add(waiting);
  }

  /** Notes what has to be looked at since upstreams moved. Of a mapped task nothing, while its rule says to wait. */
  wakeWaiting(): void {
    for (const target of this.#waking) {
      const { task, instances, upstream } = target;
      if (this.#isAlike(task) && evaluateTriggerRule(task.spec.triggerRule, upstream) === 'wait') continue;
      for (const waiting of instances) if (waiting.state === 'none') this.dirty.add(waiting);
    }
    this.#waking.clear();
  }

  get isWaking(): boolean {
    return this.#waking.size > 0;
  }

  /** Nothing but the counts of its upstreams decides about its instances. */
  #isAlike(task: IndexedTask): boolean {
    const differs = (source: IndexedTask) => isIndexWise(source, task) || (source.scope?.tolerate ?? 0) > 0;
    if (task.choosers.length > 0 || task.links !== NO_LINKS || task.spec.triggerRule === 'all_done_setup_success') return false;
    return !task.upstream.some((number) => differs((this.tasks[number] as TaskState).task));
  }

  /** Turns the placeholders of a mapped region into `ids.length` instances each; ids come from the database. */
  expand(taskIndex: number, rows: readonly InstanceRow[]): void {
    const state = this.tasks[taskIndex] as TaskState;
    const placeholder = state.instances[0] as Instance;
    placeholder.mapIndex = 0;
    state.expanded = true;
    this.add(
      taskIndex,
      rows.filter((row) => row.id !== placeholder.id),
    );
    this.dirty.add(placeholder);
  }

  /** More instances of a mapped task. */
  add(taskIndex: number, rows: readonly InstanceRow[]): void {
    const state = this.tasks[taskIndex] as TaskState;
    for (const row of rows) {
      const instance: Instance = { ...row, taskIndex, local: emptyCounts() };
      this.byId.set(row.id, instance);
      state.instances.push(instance);
      this.#recountRun('removed', instance.state, 1);
      for (const number of state.task.upstream) {
        const source = this.tasks[number] as TaskState;
        if (isIndexWise(source.task, state.task)) countPeer(source, instance);
      }
      this.dirty.add(instance);
    }
    state.instances.sort((a, b) => a.mapIndex - b.mapIndex);
    state.own.total += rows.length;
    for (const number of state.task.downstream) {
      const target = this.tasks[number] as TaskState;
      if (!isIndexWise(state.task, target.task)) target.upstream.total += rows.length;
    }
  }

  #adopt(row: InstanceRow): void {
    const task = this.index.byId.get(row.taskId);
    // A task that this version of the DAG does not have: its row stays as history.
    if (!task) return;
    const { taskId: _, ...rest } = row;
    const instance: Instance = { ...rest, taskIndex: task.index, local: emptyCounts() };
    this.byId.set(row.id, instance);
    (this.tasks[task.index] as TaskState).instances.push(instance);
  }

  #countEverything(): void {
    for (const target of this.tasks) {
      for (const instance of target.instances) {
        this.#recountRun('removed', instance.state, 1);
        this.#file(instance);
        target.own.total += 1;
        target.occupying += occupies(instance.state);
        recount(target.own, 'none', instance.state);
      }
      for (const number of target.task.upstream) {
        const source = this.tasks[number] as TaskState;
        if (isIndexWise(source.task, target.task)) for (const instance of target.instances) countPeer(source, instance);
        else for (const upstream of source.instances) countOne(target.upstream, upstream.state);
      }
    }
  }

  #file(instance: Instance): void {
    const { state } = instance;
    if (state === 'scheduled') {
      this.ready.add(instance);
      this.arrived.add(instance);
    } else this.ready.delete(instance);
    if (state === 'up_for_retry' || state === 'up_for_reschedule') this.timed.add(instance);
    else this.timed.delete(instance);
    if (state === 'deferred' || OCCUPYING_STATES.includes(state)) this.inFlight.add(instance);
    else this.inFlight.delete(instance);
    const { spec } = this.taskOf(instance).task;
    if (spec.kind !== 'gate' || spec.ignoreDownstreamTriggerRules === false) return;
    if (state === 'success' && instance.followed?.length === 0) this.closedGates.add(instance);
    else this.closedGates.delete(instance);
  }

  #recountRun(from: TaskInstanceState, to: TaskInstanceState, by: number): void {
    this.unfinished += ((isFinished(to) ? 0 : 1) - (isFinished(from) ? 0 : 1)) * by;
    this.occupying += (occupies(to) - occupies(from)) * by;
  }
}

function occupies(state: TaskInstanceState): 0 | 1 {
  return OCCUPYING_STATES.includes(state) ? 1 : 0;
}

/** The instances that `mapIndex` of an upstream of the same region counts for. */
function peersOf(target: TaskState, mapIndex: number): readonly Instance[] {
  // One of the two was decided before the region was expanded: it stands for all of its instances.
  if (mapIndex < 0) return target.instances;
  const peer = target.expanded ? target.instances[mapIndex] : mapIndex === 0 ? target.instances[0] : undefined;
  return peer ? [peer] : [];
}

function countPeer(source: TaskState, instance: Instance): void {
  const peer = source.expanded && instance.mapIndex >= 0 ? source.instances[instance.mapIndex] : source.instances[0];
  if (peer) countOne(instance.local, peer.state);
}

function countOne(counts: MutableCounts, state: TaskInstanceState): void {
  counts.total += 1;
  recount(counts, 'none', state);
}
