/**
 * Records why things wait, once they have been waiting for a moment: a run that is over in an instant costs nothing, and
 * words are written only when they change. What waits for a slot is told by the queues, at once.
 */
import { explainWaiting } from '#core/scheduling/explain-waiting.ts';
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import type { Database } from '#platform/db/client.ts';
import type { QueueWorkers } from '#platform/db/queries/count-idle-slots.ts';
import type { Holder } from '#platform/db/queries/settle-pools.ts';
import { type Reason, writeReasons } from '#platform/db/queries/write-reasons.ts';

/** Words are for people: what moves on sooner is not explained. */
const QUIET_MS = 500;
/** In one pass; the rest is the next one's. */
const WRITES_MAX = 2_000;

export class Reasons {
  /** Runs whose instances may have new words, with the instant to look. */
  readonly #runs = new Map<RunModel, number>();
  readonly #ofInstances = new Map<Instance, Reason>();
  readonly #ofRuns = new Map<RunModel, Reason>();
  /** Of each queue what waited longest at the last look: gone from there, the queue moves. */
  readonly #longest = new Map<string, { readonly instance: Instance; readonly sinceMs: number | null }>();

  /** Something moved in the run. */
  touch(run: RunModel, nowMs: number): void {
    if (!this.#runs.has(run)) this.#runs.set(run, nowMs + QUIET_MS);
  }

  forget(run: RunModel): void {
    this.#runs.delete(run);
    this.#ofRuns.delete(run);
  }

  /** A run that may not start yet. */
  ofRun(run: RunModel, words: string): void {
    if (run.row.reason === words) return;
    run.row.reason = words;
    this.#ofRuns.set(run, { id: run.row.dagRunId, shard: run.row.shard, state: 'queued', reason: words });
  }

  /**
   * What is queued and not taken, by what the workers say of themselves. A queue that moves needs no words: a backlog of
   * thousands would be written anew while it is worked off.
   */
  ofQueued(waiting: Iterable<{ readonly run: RunModel; readonly instance: Instance }>, workers: QueueWorkers, nowMs: number): void {
    const queued = [...waiting].filter(({ instance }) => instance.state === 'queued' && (instance.queuedAtMs ?? nowMs) < nowMs - QUIET_MS);
    const standing = this.#standing(queued.map(({ instance }) => instance));
    for (const { run, instance } of queued)
      if (standing.has(instance.queue) || !workers.has(instance.queue))
        this.#ofInstance(run, instance, whyNotTaken(instance.queue, workers));
  }

  /** Queues of which what waited longest at the last look still waits. */
  #standing(queued: readonly Instance[]): ReadonlySet<string> {
    const standing = [...this.#longest].filter(
      ([, { instance, sinceMs }]) => instance.state === 'queued' && instance.queuedAtMs === sinceMs,
    );
    this.#longest.clear();
    for (const instance of queued) {
      const { queue, queuedAtMs: sinceMs } = instance;
      if ((sinceMs ?? 0) < (this.#longest.get(queue)?.sinceMs ?? Number.POSITIVE_INFINITY)) this.#longest.set(queue, { instance, sinceMs });
    }
    return new Set(standing.map(([queue]) => queue));
  }

  /** When words are due, ms; infinite = nothing is to be said. */
  get dueMs(): number {
    if (this.#ofInstances.size + this.#ofRuns.size > 0) return 0;
    return this.#runs.values().next().value ?? Number.POSITIVE_INFINITY;
  }

  async write(db: Database, holder: Holder, nowMs: number): Promise<readonly RunModel[]> {
    const looked = this.#lookAtRuns(nowMs);
    const ofInstances = take(this.#ofInstances);
    const ofRuns = take(this.#ofRuns);
    if (ofInstances.length > 0) await writeReasons(db, holder, ofInstances, 'instances');
    if (ofRuns.length > 0) await writeReasons(db, holder, ofRuns, 'runs');
    return looked;
  }

  /** Returns the runs in which words have changed. */
  #lookAtRuns(nowMs: number): readonly RunModel[] {
    const changed: RunModel[] = [];
    for (const [run, dueMs] of this.#runs) {
      if (dueMs > nowMs || this.#ofInstances.size >= WRITES_MAX) break;
      this.#runs.delete(run);
      if (run.row.state !== 'running') continue;
      const before = this.#ofInstances.size;
      for (const instance of run.byId.values())
        if (instance.state === 'none') this.#ofInstance(run, instance, explainWaiting(run, instance));
      if (this.#ofInstances.size > before) changed.push(run);
    }
    return changed;
  }

  #ofInstance(run: RunModel, instance: Instance, reason: string | null): void {
    if (instance.reason === reason) return;
    instance.reason = reason;
    this.#ofInstances.set(instance, { id: instance.id, shard: run.row.shard, state: instance.state, reason });
  }
}

/** Null: a worker takes it next. */
function whyNotTaken(queue: string, workers: QueueWorkers): string | null {
  const found = workers.get(queue);
  if (found === undefined || found.workers === 0)
    return `no worker listens on the queue ${queue}: start one with WINDLASS_WORKER_QUEUES=${queue}, or resume a paused one`;
  if (found.idle > 0) return null;
  const who = found.workers === 1 ? 'the worker' : `all ${found.workers} workers`;
  return `${who} on the queue ${queue} ${found.workers === 1 ? 'is' : 'are'} busy: ${found.total - found.idle} of ${found.total} slots are taken`;
}

function take<K>(words: Map<K, Reason>): readonly Reason[] {
  const taken = [...words.values()].slice(0, WRITES_MAX);
  for (const key of [...words.keys()].slice(0, WRITES_MAX)) words.delete(key);
  return taken;
}
