/**
 * The engine: one pass reads what changed, decides, and writes everything it decided in one fenced flush; what
 * happens meanwhile is the next pass. Postgres is told first, workers and pages after the commit. A pass may die
 * between any two lines: the next one, here or in another scheduler, starts from the rows.
 */

import { DueHeap, earliestOf } from '#core/due-heap.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { learnParamsLists } from '#core/scheduling/map-regions.ts';
import { looksAtPast } from '#core/scheduling/past.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { findStop, nextTimeout } from '#core/scheduling/stop-run.ts';
import { confirmShards } from '#platform/db/queries/confirm-shards.ts';
import { flushScheduling } from '#platform/db/queries/flush-scheduling.ts';
import { retakeShards, type Shard } from '#platform/db/queries/retake-shards.ts';
import type { Holder } from '#platform/db/queries/settle-pools.ts';
import { stopRun } from '#platform/db/queries/stop-run.ts';
import { announceRun, topicsOf } from './announce.ts';
import { Bell } from './bell.ts';
import { callbacksOfRun } from './callbacks.ts';
import { DatabaseTime } from './database-time.ts';
import type { EngineDeps } from './deps.ts';
import { createDueRuns, dueDags } from './due-runs.ts';
import { Enqueuer } from './enqueue.ts';
import { changeRegions } from './expand-regions.ts';
import { FlushBuilder } from './flush-builder.ts';
import { pauseIfFailing } from './give-up.ts';
import type { Inbox } from './inbox.ts';
import { ingestEnded } from './ingest.ts';
import { Loader } from './loader.ts';
import { type DagEntry, Memory } from './memory.ts';
import { asksPlugin, PluginAsks } from './plugin-asks.ts';
import { PoolBook } from './pool-book.ts';
import { previousRunOf } from './previous-run.ts';
import { Reasons } from './reasons.ts';
import { ringingOf, ringStopped } from './ring.ts';
import { startRuns } from './start-runs.ts';
import { wakeHeld } from './wake-held.ts';

/** Bounds one flush; the rest is the next pass. */
const FLUSH_MAX = 5_000;

export class Engine {
  readonly memory = new Memory();
  readonly pools = new PoolBook();
  readonly queues: Enqueuer;
  readonly reasons = new Reasons();
  readonly bell: Bell;
  readonly time: DatabaseTime;

  readonly #deps: EngineDeps;
  readonly #inbox: Inbox;
  readonly #loader: Loader;
  readonly #plugins: PluginAsks;
  readonly #epochs = new Map<number, number>();
  readonly #dirtyRuns = new Set<RunModel>();
  readonly #dirtyDags = new Set<string>();
  /** Runs, DAGs and pools whose limits may have room for what they held back. */
  readonly #relieved = new Set<string>();
  readonly #due = new DueHeap<string>();
  /** A pass failed: what is in memory may differ from the rows in any way. */
  #mistrusted = false;
  /** A fenced write left something out: somebody changed the rows, or a shard is lost. */
  #doubted = false;

  constructor(deps: EngineDeps, inbox: Inbox) {
    this.#deps = deps;
    this.time = new DatabaseTime(deps.clock);
    this.#inbox = inbox;
    this.bell = new Bell(deps.broker, (id) => this.memory.runOfInstance(id) !== undefined);
    this.#loader = new Loader(deps.db, deps.logger);
    this.queues = new Enqueuer(deps, this.memory, this.pools);
    this.#plugins = new PluginAsks(deps, this.memory, (dag, hasRun) => this.#hearPlugin(dag, hasRun));
  }

  get shards(): readonly number[] {
    return [...this.#epochs.keys()];
  }

  get epochs(): ReadonlyMap<number, number> {
    return this.#epochs;
  }

  get holder(): Holder {
    return { owner: this.#deps.schedulerId, fence: this.#fence() };
  }

  /** False after a pass that failed, until the next has started over: what is in memory counts for nothing. */
  get isTrusted(): boolean {
    return !this.#mistrusted;
  }

  nowMs(): number {
    return this.time.nowMs();
  }

  /** Takes shards over: loads all they hold. A shard that is held already, with this epoch, is left alone. */
  async gain(shards: readonly Shard[]): Promise<void> {
    const fresh = shards.filter(({ shard, epoch }) => epoch > (this.#epochs.get(shard) ?? -1));
    if (fresh.length === 0) return;
    for (const { shard, epoch } of fresh) {
      this.lose(shard);
      this.#epochs.set(shard, epoch);
    }
    try {
      const numbers = fresh.map((held) => held.shard);
      await this.pools.load(this.#deps.db, this.shards);
      await this.#loadDags(numbers, null);
      for (const run of await this.#loader.runs(numbers, null)) this.#adopt(run);
    } catch (error) {
      this.#mistrusted = true;
      throw error;
    }
  }

  /** Forgets a shard. May come in the middle of a pass: what that still writes for the shard is fenced off. */
  lose(shard: number): void {
    this.#epochs.delete(shard);
    for (const run of this.memory.dropShard(shard)) this.#clean(run);
    this.pools.forgetShard(shard);
  }

  /** One pass. Returns how long nothing is due, in ms. */
  async runOnce(): Promise<number> {
    if (this.#epochs.size === 0) return 1_000;
    if (this.#mistrusted) await this.#startOver();
    try {
      return await this.#pass();
    } catch (error) {
      this.#mistrusted = true;
      throw error;
    }
  }

  async #pass(): Promise<number> {
    await this.#hear();
    this.#fireTimers();
    await this.#createRuns();
    const flush = new FlushBuilder();
    this.#startRuns(flush);
    const runs = await this.#decide(flush);
    const changed = [...this.#relieved];
    this.#relieved.clear();
    await this.queues.run({ holder: this.holder, nowMs: this.nowMs(), flush, runs, changed });
    await this.#write(flush);
    await this.#sayWhy();
    if (this.#dirtyRuns.size > 0 || this.#dirtyDags.size > 0 || !this.#inbox.isEmpty) return 0;
    const nextMs = Math.min(this.#due.peekMs() ?? Number.POSITIVE_INFINITY, this.queues.askAgainAtMs, this.reasons.dueMs);
    return Math.max(0, Math.min(1_000, nextMs - this.nowMs()));
  }

  /** Takes its own shards over from itself: one way to recover, whatever went wrong and wherever. */
  async #startOver(): Promise<void> {
    const held = await retakeShards(this.#deps.db, this.#deps.schedulerId, this.shards);
    for (const shard of this.shards) this.lose(shard);
    await this.gain(held);
    this.#mistrusted = false;
  }

  /** Reads a DAG's runs again; asks first whether they still are ours. */
  #doubt(dagId: string | undefined): void {
    this.#doubted = true;
    if (dagId !== undefined) this.#inbox.reloadRuns(dagId);
  }

  async #dropLostShards(): Promise<void> {
    this.#doubted = false;
    const fence = this.#fence();
    const confirmed = await confirmShards(this.#deps.db, this.#deps.schedulerId, fence);
    for (const { shard, epoch } of fence) if (!confirmed.has(shard) && this.#epochs.get(shard) === epoch) this.lose(shard);
  }

  async #hear(): Promise<void> {
    if (this.#doubted) await this.#dropLostShards();
    const heard = this.#inbox.take();
    if (heard.dagIds.length > 0 || heard.sweep) await this.#loadDags(this.shards, heard.sweep ? null : heard.dagIds);
    if (heard.runDagIds.length > 0 || heard.sweep) await this.#reloadRuns(heard.sweep ? null : heard.runDagIds, new Map());
    if (heard.changedDagIds.length > 0) await this.#reloadRuns(heard.changedDagIds, this.memory.runs);
    await ingestEnded(this.#deps.db, this, heard, (run) => {
      this.#dirtyRuns.add(run);
      if (looksAtPast(run.index)) this.#wakeLaterRuns(run);
    });
  }

  async #loadDags(shards: readonly number[], dagIds: readonly string[] | null): Promise<void> {
    const loaded = await this.#loader.dags(shards, dagIds);
    const found = new Set(loaded.map(({ row }) => row.dagId));
    for (const dagId of dagIds ?? []) if (!found.has(dagId)) this.memory.dags.delete(dagId);
    for (const { row, index } of loaded) {
      if (!this.#epochs.has(row.shard)) continue;
      this.memory.dags.set(row.dagId, {
        row,
        index,
        next: null,
        planned: false,
        lastLogicalDateMs: row.lastLogicalDate?.getTime() ?? null,
        askAgainAtMs: null,
      });
      this.#due.set(`dag:${row.dagId}`, this.nowMs());
      this.#dirtyDags.add(row.dagId);
      for (const run of this.memory.runsOf(row.dagId)) this.#dirtyRuns.add(run);
    }
  }

  /** A run that is in `trusted` as the database has it stays. */
  async #reloadRuns(dagIds: readonly string[] | null, trusted: ReadonlyMap<string, RunModel>): Promise<void> {
    const { runs, unfinished } = await this.#loader.changedRuns(this.shards, dagIds, trusted);
    const known = dagIds === null ? [...this.memory.runs.values()] : dagIds.flatMap((dagId) => [...this.memory.runsOf(dagId)]);
    for (const run of known) if (!unfinished.has(run.row.dagRunId)) this.#forget(run);
    for (const run of runs) this.#adopt(run);
    for (const run of known) this.#dirtyDags.add(run.row.dagId);
    // What changed may be a run that is over: nobody reads it again, but later runs may have waited for it.
    wakeHeld(known, this.#dirtyRuns);
  }

  #adopt(run: RunModel): void {
    // The shard was lost while its runs were read.
    if (!this.#epochs.has(run.row.shard)) return;
    const old = this.memory.dropRun(run.row.dagRunId);
    if (old) {
      this.pools.giveBackAll(old);
      this.#dirtyRuns.delete(old);
    }
    this.memory.putRun(run);
    this.pools.takeAll(run);
    run.mapLengthMax = Math.min(run.mapLengthMax, this.#deps.config.maxMapLength);
    learnParamsLists(run);
    run.markAllDirty();
    this.#dirtyRuns.add(run);
    this.#dirtyDags.add(run.row.dagId);
  }

  /** The next pass looks at what the pool held back. */
  relieve(pools: readonly string[]): void {
    for (const pool of pools) this.#relieved.add(`pool:${pool}`);
  }

  #forget(run: RunModel): void {
    this.queues.forget(run);
    this.#relieved.add(run.row.dagId);
    this.memory.dropRun(run.row.dagRunId);
    this.pools.giveBackAll(run);
    this.#clean(run);
  }

  #clean(run: RunModel): void {
    this.#dirtyRuns.delete(run);
    this.reasons.forget(run);
    this.#due.set(`run:${run.row.dagRunId}`, null);
    this.bell.forget(run.byId.keys());
  }

  #fireTimers(): void {
    const nowMs = this.nowMs();
    for (const key of this.#due.takeDue(nowMs)) {
      const id = key.slice(4);
      if (key.startsWith('dag:')) this.#dirtyDags.add(id);
      const run = key.startsWith('run:') ? this.memory.runs.get(id) : undefined;
      if (!run) continue;
      for (const instance of run.timed) if ((instance.nextTryAtMs ?? 0) <= nowMs) run.dirty.add(instance);
      this.#dirtyRuns.add(run);
    }
  }

  async #createRuns(): Promise<void> {
    const nowMs = this.nowMs();
    const due = dueDags(this.memory, this.#dirtyDags, nowMs);
    this.#plugins.ask(due.filter(asksPlugin), nowMs);
    const asked = due.filter((dag) => !asksPlugin(dag));
    if (asked.length === 0) return;
    const created = await createDueRuns(this.#deps, this.memory, asked, nowMs);
    for (const dag of asked) this.#due.set(`dag:${dag.row.dagId}`, dag.askAgainAtMs);
    if (created.length > 0) await this.#reloadRuns(created, this.memory.runs);
    if (created.length > 0) this.#deps.broker.ring('ui_events', { topics: created.flatMap((dagId) => ['dags', `dag:${dagId}`]) });
  }

  /** A DAG that was read anew meanwhile is asked for once more. */
  #hearPlugin(dag: DagEntry, hasRun: boolean): void {
    const { dagId } = dag.row;
    if (this.memory.dags.get(dagId) === dag) this.#due.set(`dag:${dagId}`, dag.askAgainAtMs);
    else this.#dirtyDags.add(dagId);
    this.#inbox.reloadSoon(dagId, hasRun);
  }

  #startRuns(flush: FlushBuilder): void {
    for (const dagId of this.#dirtyDags) {
      const dag = this.memory.dags.get(dagId);
      if (!dag) continue;
      const { started, waiting, nextDueMs } = startRuns(this.memory, dag, this.nowMs(), flush);
      if (nextDueMs !== null) this.#due.set(`dag:${dagId}`, Math.min(nextDueMs, dag.askAgainAtMs ?? Number.POSITIVE_INFINITY));
      for (const run of started) this.#dirtyRuns.add(run);
      for (const { run, words } of waiting) this.reasons.ofRun(run, words);
    }
    this.#dirtyDags.clear();
  }

  /** Returns the runs it decided. */
  async #decide(flush: FlushBuilder): Promise<readonly RunModel[]> {
    const decided: RunModel[] = [];
    for (const run of this.#dirtyRuns) {
      if (flush.size > FLUSH_MAX) break;
      this.#dirtyRuns.delete(run);
      if (run.row.state !== 'running' || this.memory.runs.get(run.row.dagRunId) !== run) continue;
      if (await this.#stopIfDue(run)) continue;
      decided.push(run);
      this.reasons.touch(run, this.nowMs());
      this.#relieved.add(run.row.dagRunId).add(run.row.dagId);
      if (looksAtPast(run.index)) run.previous = await previousRunOf(this.#deps.db, run);
      for (;;) {
        const decision = decideRun(run, this.nowMs());
        for (const move of decision.moves) flush.move(run, move);
        this.#due.set(`run:${run.row.dagRunId}`, earliestOf(decision.nextDueMs, nextTimeout(run, this.nowMs())));
        if (decision.end) flush.moveRun(run, decision.end.state, decision.end.reason);
        for (const [instance, reason] of run.held) flush.note(run, instance, reason);
        if (decision.expansions.length + decision.resizes.length === 0) break;
        const { holder, pools, memory } = this;
        if (!(await changeRegions(this.#deps.db, { holder, pools, memory, run }, decision))) {
          this.#doubt(run.row.dagId);
          break;
        }
      }
    }
    return decided;
  }

  /** Tasks of later runs may wait for this one's. */
  #wakeLaterRuns(run: RunModel): void {
    wakeHeld(
      [...this.memory.runsOf(run.row.dagId)].filter((other) => other !== run),
      this.#dirtyRuns,
    );
  }

  /** Returns true when the run is not to be decided any more, or only once it is read again. */
  async #stopIfDue(run: RunModel): Promise<boolean> {
    const stop = findStop(run, this.nowMs());
    if (stop === null) return false;
    const { dagRunId, shard, dagId } = run.row;
    const spared = run.index.spec.tasks.filter((task) => task.isTeardown).map((task) => task.taskId);
    const callbacks = callbacksOfRun(run, 'failed', stop.running === 'skipped' ? 'timed_out' : 'task_failure');
    const done = await stopRun(this.#deps.db, { ...this.holder, dagRunId, shard, ...stop, spared, callbacks });
    if (done !== null) this.#deps.broker.ring('callbacks_requested', {});
    if (done !== null) ringStopped(this.#deps.broker, run);
    if (done === 'ended') {
      run.row.state = 'failed';
      if (looksAtPast(run.index)) this.#wakeLaterRuns(run);
      this.#afterRunMove(dagRunId, true, stop.reason);
    } else if (done === 'stopped') this.#inbox.reloadRuns(dagId);
    else this.#doubt(dagId);
    if (done !== null) this.#deps.broker.ring('ui_events', { topics: topicsOf([run]) });
    return true;
  }

  async #sayWhy(): Promise<void> {
    if (this.reasons.dueMs > this.nowMs()) return;
    const changed = await this.reasons.write(this.#deps.db, this.holder, this.nowMs());
    if (changed.length > 0) this.#deps.broker.ring('ui_events', { topics: topicsOf(changed) });
  }

  #fence(): readonly Shard[] {
    return [...this.#epochs].map(([shard, epoch]) => ({ shard, epoch }));
  }

  async #write(flush: FlushBuilder): Promise<void> {
    if (flush.isEmpty) return;
    const built = flush.build(this.#deps.schedulerId, this.#fence());
    const flushed = await flushScheduling(this.#deps.db, built);
    for (const instance of built.instances)
      if (!flushed.moved.has(instance.id)) this.#doubt(this.memory.runOfInstance(instance.id)?.row.dagId);
    if (built.callbacks.length > 0) this.#deps.broker.ring('callbacks_requested', {});
    const rung = flush.queued.filter(({ instance }) => flushed.moved.has(instance.id));
    this.bell.ring(ringingOf(rung, flushed.moved), this.nowMs());
    if (flush.waiters.length > 0) this.#deps.broker.ring('waiters_changed', {});
    // Only now: a later run reads from Postgres what became of this one.
    for (const run of flush.touchedRuns) if (looksAtPast(run.index)) this.#wakeLaterRuns(run);
    for (const moved of built.runs) this.#afterRunMove(moved.dagRunId, flushed.runs.has(moved.dagRunId), moved.reason);
    this.#deps.broker.ring('ui_events', { topics: topicsOf(flush.touchedRuns) });
  }

  #afterRunMove(dagRunId: string, written: boolean, reason: string | null): void {
    const run = this.memory.runs.get(dagRunId);
    if (!run) return;
    if (!written) {
      this.#doubt(run.row.dagId);
      return;
    }
    announceRun(this.#deps, run, reason);
    void pauseIfFailing(this.#deps, run).then((paused) => paused && this.#inbox.reloadDag(run.row.dagId));
    if (run.row.state !== 'running') this.#forget(run);
    // The next queued run may start now; a continuous DAG may get its next run.
    this.#dirtyDags.add(run.row.dagId);
  }
}
