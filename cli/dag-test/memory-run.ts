/**
 * One DAG run in this process: the scheduler's own brain (`decideRun`) over a model in memory, and the workers'
 * own way of running a body (`runTask`). Tasks run one after another, so that a debugger shows one at a time.
 */
import type { DagSpec, MapScope, TaskSpec } from '#core/dag-spec.ts';
import { AppError, assertNever } from '#core/errors.ts';
import { elementOfStored, lengthOfStored, partAt } from '#core/mapping/encoded-list.ts';
import { leafPicksOf, leavesOf, pickAt } from '#core/mapping/list-expression.ts';
import { type DagIndex, indexDag, isIndexWise } from '#core/scheduling/dag-index.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { learnParamsLists } from '#core/scheduling/map-regions.ts';
import { type Instance, type InstanceRow, RunModel } from '#core/scheduling/run-model.ts';
import { findStop, stoppable } from '#core/scheduling/stop-run.ts';
import type { TaskInstanceState } from '#core/states.ts';
import type { AttemptContext, BodyResult, ItemParts, RunMessage } from '#core/task-protocol.ts';
import { skipsInsteadOfFailing } from '#core/waiting/sensor-rules.ts';
import { describeWaiter, type Resumed, type Waiter, type WaiterEnd } from '#core/waiting/waiter.ts';
import type { Clock } from '#platform/clock.ts';

export interface TaskEnd {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: TaskInstanceState;
  readonly tryNumber: number;
  readonly elapsedMs: number;
  readonly reason: string | null;
}

export interface MemoryRunOptions {
  readonly spec: DagSpec;
  readonly runId: string;
  /** The DAG's defaults with conf over them. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly scratchFolder: string;
  readonly mapLengthMax: number;
  readonly clock: Clock;
  /** Runs one body; never rejects. */
  readonly runBody: (message: RunMessage, timeoutMs: number | null) => Promise<BodyResult>;
  /** Waits for what a body deferred for; never rejects. */
  readonly wait: (waiter: Waiter, taskId: string) => Promise<WaiterEnd>;
  readonly onEnd: (end: TaskEnd) => void;
  /** A body has ended, and the instance is in this state now. */
  readonly afterBody?: (state: TaskInstanceState, context: AttemptContext, result: BodyResult) => Promise<void>;
}

export interface MemoryRunResult {
  readonly state: 'success' | 'failed';
  readonly reason: string | null;
  readonly instances: readonly InstanceResult[];
}

/** What became of one instance. */
export interface InstanceResult {
  readonly task: TaskSpec;
  readonly mapIndex: number;
  readonly mapLabel: string | null;
  readonly state: TaskInstanceState;
  readonly reason: string | null;
  readonly tryNumber: number;
  readonly followed: readonly string[] | null;
}

const LONGEST_SLEEP_MS = 60_000;
const SUCCEEDED = { outcome: 'success', bytes: 0, followed: null, mapLengths: {}, checks: [] } as const;

export class MemoryRun {
  readonly #options: MemoryRunOptions;
  readonly #index: DagIndex;
  readonly #model: RunModel;
  readonly #startedAt: number;
  /** `<task>` -> map index -> result, as JSON; -1 = not mapped. */
  readonly #results = new Map<string, Map<number, unknown>>();
  readonly #firstStarts = new Map<string, string>();
  /** Deferred instances; each resolves when its wait is over. */
  readonly #waits = new Map<Instance, Promise<void>>();
  readonly #resumed = new Map<string, Resumed>();
  readonly #contexts = new Map<string, AttemptContext>();
  readonly #labels = new Map<string, string>();
  #nextId = 0;

  constructor(options: MemoryRunOptions) {
    this.#options = options;
    this.#index = indexDag(options.spec);
    this.#startedAt = options.clock.now();
    const row = {
      dagRunId: 'test',
      dagId: options.spec.dagId,
      runId: options.runId,
      runType: 'manual',
      shard: 0,
      state: 'running',
      runAfterMs: this.#startedAt,
      logicalDateMs: this.#startedAt,
      startedAtMs: this.#startedAt,
      params: options.params,
      revision: 0,
    } as const;
    const instances = options.spec.tasks.map((task) => this.#newRow(task.taskId, -1));
    this.#model = new RunModel({ ...row }, this.#index, instances, new Map());
    this.#model.mapLengthMax = options.mapLengthMax;
    learnParamsLists(this.#model);
  }

  /** Runs to the end. Throws INTERNAL when nothing can go on, which a valid DAG never comes to. */
  async run(): Promise<MemoryRunResult> {
    const { clock } = this.#options;
    const model = this.#model;
    model.markAllDirty();
    for (;;) {
      this.#stopIfDue();
      const decision = decideRun(model, clock.now());
      for (const expansion of decision.expansions)
        for (const placeholder of expansion.placeholders) this.#expand(placeholder, expansion.length);
      for (const move of decision.moves) if (move.to !== 'scheduled') this.#report(move.instance, 0, move.reason);
      if (decision.end !== null) return { ...decision.end, instances: this.#instances() };
      if (decision.expansions.length > 0 || model.dirty.size > 0) continue;
      const next = this.#firstReady();
      if (next !== undefined) await this.#attempt(next);
      else if (decision.nextDueMs !== null || this.#waits.size > 0) {
        const due = new AbortController();
        const sleepMs = decision.nextDueMs === null ? LONGEST_SLEEP_MS : Math.max(1, decision.nextDueMs - clock.now());
        await Promise.race([clock.sleep(sleepMs, due.signal), ...this.#waits.values()]);
        due.abort();
        // What was not due yet when it was looked at is looked at again.
        model.markAllDirty();
      } else
        throw new AppError(
          'INTERNAL',
          `The run of ${this.#options.spec.dagId} cannot go on: ${this.#waiting()}. This is a bug of Windlass.`,
        );
    }
  }

  /** As the scheduler does: everything but the teardowns ends at once. Nothing runs while this is asked. */
  #stopIfDue(): void {
    const stop = findStop(this.#model, this.#options.clock.now());
    if (stop === null) return;
    this.#model.row.stopReason = stop.reason;
    for (const instance of stoppable(this.#model)) {
      instance.reason = stop.reason;
      this.#model.setState(instance, 'skipped');
      this.#report(instance, 0, stop.reason);
    }
  }

  /** In topological order, as the spec lists them. */
  #firstReady(): Instance | undefined {
    let first: Instance | undefined;
    for (const instance of this.#model.ready)
      if (
        first === undefined ||
        instance.taskIndex < first.taskIndex ||
        (instance.taskIndex === first.taskIndex && instance.mapIndex < first.mapIndex)
      )
        first = instance;
    return first;
  }

  async #attempt(instance: Instance): Promise<void> {
    const { clock, runBody } = this.#options;
    const task = this.#model.taskOf(instance).task;
    this.#model.setState(instance, 'queued');
    this.#model.setState(instance, 'running');
    const startedAt = clock.monotonic();
    const message: RunMessage = {
      type: 'run',
      context: this.#contextOf(instance),
      inputs: this.#inputsOf(instance),
      mapLengthMax: this.#options.mapLengthMax,
      ...(task.scope !== null && { item: this.#itemOf(task.scope, instance.mapIndex) }),
    };
    this.#contexts.set(instance.id, message.context);
    const result = await runBody(message, task.spec.executionTimeoutMs);
    await this.#finish(instance, result, clock.monotonic() - startedAt);
  }

  async #finish(instance: Instance, result: BodyResult, elapsedMs: number): Promise<void> {
    const { spec } = this.#model.taskOf(instance).task;
    const now = this.#options.clock.now();
    switch (result.outcome) {
      case 'success':
        this.#keepResult(instance, result);
        this.#model.setState(instance, 'success');
        break;
      case 'skipped':
        this.#model.setState(instance, 'skipped');
        break;
      case 'failed': {
        const again = result.retryable && instance.tryNumber <= spec.retries;
        if (skipsInsteadOfFailing(spec.sensor, again)) {
          this.#model.setState(instance, 'skipped');
          break;
        }
        // Nobody wants to wait five minutes at a debugger: retries begin at once here.
        if (again) instance.nextTryAtMs = now;
        this.#firstStarts.delete(instance.id);
        this.#model.setState(instance, again ? 'up_for_retry' : 'failed');
        break;
      }
      case 'defer':
        this.#defer(instance, result.waiter);
        break;
      case 'reschedule':
        instance.nextTryAtMs = now + result.afterMs;
        this.#model.setState(instance, 'up_for_reschedule');
        break;
      default:
        assertNever(result);
    }
    instance.reason = reasonOf(result);
    this.#report(instance, elapsedMs, instance.reason);
    const context = this.#contexts.get(instance.id);
    if (context) await this.#options.afterBody?.(instance.state, context, result);
  }

  #defer(instance: Instance, waiter: Waiter): void {
    this.#model.setState(instance, 'deferred');
    const startedAt = this.#options.clock.monotonic();
    const over = this.#options.wait(waiter, this.#model.taskOf(instance).task.spec.taskId).then((end) => {
      this.#waits.delete(instance);
      // The run was stopped meanwhile.
      if (instance.state !== 'deferred') return;
      const elapsedMs = this.#options.clock.monotonic() - startedAt;
      switch (end.end) {
        case 'wake':
          this.#resumed.set(instance.id, { event: end.event, state: waiter.state });
          this.#model.setState(instance, 'scheduled');
          return;
        case 'succeed':
          return this.#finish(instance, { ...SUCCEEDED, value: end.value }, elapsedMs);
        case 'skip':
          return this.#finish(instance, { outcome: 'skipped', reason: end.reason }, elapsedMs);
        case 'fail':
          return this.#finish(
            instance,
            { outcome: 'failed', error: { ...end.error, stack: '' }, retryable: end.retryable, retryAfterMs: null },
            elapsedMs,
          );
      }
    });
    this.#waits.set(instance, over);
  }

  #keepResult(instance: Instance, result: Extract<BodyResult, { outcome: 'success' }>): void {
    const { taskId } = this.#model.taskOf(instance).task.spec;
    instance.followed = result.followed;
    if (result.mapLabel !== undefined) this.#labels.set(instance.id, result.mapLabel);
    const results = this.#results.get(taskId) ?? new Map<number, unknown>();
    results.set(instance.mapIndex, result.value === undefined ? null : JSON.parse(JSON.stringify(result.value)));
    this.#results.set(taskId, results);
    for (const [scopeId, length] of Object.entries(result.mapLengths)) this.#model.mapLengths.set(scopeId, length);
  }

  #report(instance: Instance, elapsedMs: number, reason: string | null): void {
    const { taskId } = this.#model.taskOf(instance).task.spec;
    this.#options.onEnd({ taskId, mapIndex: instance.mapIndex, state: instance.state, tryNumber: instance.tryNumber, elapsedMs, reason });
  }

  #expand(placeholder: Instance, length: number): void {
    const { taskId } = this.#model.taskOf(placeholder).task.spec;
    const rows = Array.from({ length: length - 1 }, (_, index) => this.#newRow(taskId, index + 1));
    this.#model.expand(placeholder.taskIndex, rows);
  }

  #newRow(taskId: string, mapIndex: number): InstanceRow {
    const spec = this.#index.byId.get(taskId)?.spec;
    return {
      id: String(this.#nextId++),
      taskId,
      mapIndex,
      state: 'none',
      tryNumber: 0,
      leaseEpoch: 0,
      pool: spec?.pool ?? '',
      poolSlots: spec?.poolSlots ?? 1,
      queue: spec?.queue ?? '',
      priorityWeight: spec?.priorityWeight ?? 1,
      nextTryAtMs: null,
      queuedAtMs: null,
      followed: null,
      reason: null,
    };
  }

  #contextOf(instance: Instance): AttemptContext {
    const { spec, runId, conf, scratchFolder, clock } = this.#options;
    const { task } = this.#model.taskOf(instance);
    const startedAt = new Date(this.#startedAt).toISOString();
    const firstStartedAt = this.#firstStarts.get(instance.id) ?? null;
    const resumed = this.#resumed.get(instance.id);
    this.#resumed.delete(instance.id);
    if (firstStartedAt === null) this.#firstStarts.set(instance.id, new Date(clock.now()).toISOString());
    return {
      attemptId: `test-${instance.id}-${instance.tryNumber}`,
      dagId: spec.dagId,
      runId,
      runType: 'manual',
      taskId: task.spec.taskId,
      mapIndex: instance.mapIndex,
      mapLength: task.scope === null ? null : this.#model.taskOf(instance).instances.length,
      tryNumber: instance.tryNumber,
      maxTries: task.spec.retries,
      logicalDate: startedAt,
      dataIntervalStart: startedAt,
      dataIntervalEnd: startedAt,
      runAfter: startedAt,
      params: { ...spec.paramsDefaults, ...task.spec.params, ...conf },
      firstStartedAt,
      idempotencyKey: `${spec.dagId}/${runId}/${task.spec.taskId}/${instance.mapIndex}`,
      scratchFolder,
      ...(resumed === undefined ? {} : { resumed }),
    };
  }

  #inputsOf(instance: Instance): Readonly<Record<string, unknown>> {
    const { task } = this.#model.taskOf(instance);
    const inputs: Record<string, unknown> = {};
    for (const taskId of task.spec.reads) {
      const from = this.#index.byId.get(taskId);
      const results = this.#results.get(taskId);
      if (from === undefined) continue;
      if (from.scope !== null && !isIndexWise(from, task)) inputs[taskId] = inMapOrder(results);
      else {
        const key = from.scope === null ? -1 : instance.mapIndex;
        if (results?.has(key)) inputs[taskId] = results.get(key);
      }
    }
    return inputs;
  }

  /** What a worker would read of the lists for this instance. */
  #itemOf({ over }: MapScope, mapIndex: number): ItemParts {
    const lists = leavesOf(over).map((source) => {
      if (source.from === 'results') return inMapOrder(this.#results.get(source.taskId)).map((value) => partAt(value, source.path));
      return partAt(source.from === 'params' ? this.#options.params : this.#results.get(source.taskId)?.get(-1), source.path);
    });
    const lengths = leavesOf(over).map((source, leaf) => (source.from === 'literal' ? source.length : lengthOfStored(lists[leaf])) ?? null);
    const picks = leafPicksOf(pickAt(over, mapIndex, (leaf) => lengths[leaf] ?? undefined));
    return { lengths, values: Object.fromEntries(picks.map(({ leaf, index }) => [leaf, elementOfStored(lists[leaf], index)])) };
  }

  #instances(): MemoryRunResult['instances'] {
    return this.#model.tasks.flatMap((state) =>
      state.instances.map((instance) => ({
        task: state.task.spec,
        mapIndex: instance.mapIndex,
        mapLabel: this.#labels.get(instance.id) ?? null,
        state: instance.state,
        reason: instance.reason,
        tryNumber: instance.tryNumber,
        followed: instance.followed,
      })),
    );
  }

  #waiting(): string {
    return this.#instances()
      .filter((instance) => !['success', 'failed', 'skipped', 'upstream_failed', 'removed'].includes(instance.state))
      .map((instance) => `${instance.task.taskId} is ${instance.state}`)
      .join(', ');
  }
}

function inMapOrder(results: ReadonlyMap<number, unknown> | undefined): readonly unknown[] {
  return [...(results ?? [])]
    .filter(([mapIndex]) => mapIndex >= 0)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}

function reasonOf(result: BodyResult): string | null {
  switch (result.outcome) {
    case 'success':
      return null;
    case 'skipped':
      return result.reason;
    case 'failed':
      return `${result.error.name}: ${result.error.message}`;
    case 'defer':
      return `waits for ${describeWaiter(result.waiter)}`;
    case 'reschedule':
      return result.note;
  }
}
