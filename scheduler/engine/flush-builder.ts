/** Collects what one pass decided into one flush: per instance its first and last state and every event between. */

import type { Move } from '#core/scheduling/decide-run.ts';
import type { Instance, RunModel } from '#core/scheduling/run-model.ts';
import { failureReason } from '#core/scheduling/stop-run.ts';
import type { DagRunState } from '#core/states.ts';
import type { Flush, FlushedCallback, FlushedInstance, FlushedRun } from '#platform/db/queries/flush-scheduling.ts';
import { probe } from '#platform/probes/probe.ts';
import { callbacksOfInstance, callbacksOfRun } from './callbacks.ts';

type MutableFlushed = { -readonly [K in keyof FlushedInstance]: FlushedInstance[K] } & { events: FlushedInstance['events'][number][] };

export class FlushBuilder {
  readonly #instances = new Map<string, MutableFlushed>();
  readonly #runs = new Map<string, FlushedRun>();
  readonly #callbacks: FlushedCallback[] = [];
  readonly #notes = new Map<string, { id: string; shard: number; reason: string }>();
  /** Instances on their way to the queue: rung after the commit. */
  readonly queued: { readonly run: RunModel; readonly instance: Instance }[] = [];
  /** Of instances that are deferred without a worker. */
  readonly waiters: Flush['waiters'][number][] = [];
  readonly touchedRuns = new Set<RunModel>();

  get isEmpty(): boolean {
    return this.#instances.size === 0 && this.#runs.size === 0 && this.#notes.size === 0;
  }

  get size(): number {
    return this.#instances.size;
  }

  move(run: RunModel, move: Move): void {
    const { instance, event, from, to, reason, tryDelta } = move;
    this.touchedRuns.add(run);
    this.#callbacks.push(...callbacksOfInstance(run, instance, to));
    this.#notes.delete(instance.id);
    const known = this.#instances.get(instance.id);
    if (known) {
      known.to = to;
      known.reason = reason;
      known.tryDelta += tryDelta;
      known.events.push({ event, from, to, reason });
      return;
    }
    this.#instances.set(instance.id, {
      id: instance.id,
      shard: run.row.shard,
      from,
      leaseEpoch: instance.leaseEpoch,
      to,
      tryDelta,
      reason,
      events: [{ event, from, to, reason }],
    });
  }

  moveRun(run: RunModel, to: DagRunState, reason: string | null): void {
    this.touchedRuns.add(run);
    const known = this.#runs.get(run.row.dagRunId);
    const { dagRunId, shard, revision } = run.row;
    this.#runs.set(dagRunId, { dagRunId, shard, from: known?.from ?? run.row.state, to, reason, revision });
    run.row.state = to;
    this.#callbacks.push(...callbacksOfRun(run, to, to === 'success' ? 'success' : failureReason(run)));
    if (to !== 'running') probe('finishDagRun.before_commit');
  }

  note(run: RunModel, instance: Instance, reason: string): void {
    if (instance.reason === reason) return;
    instance.reason = reason;
    this.touchedRuns.add(run);
    const moved = this.#instances.get(instance.id);
    if (moved) moved.reason = reason;
    else this.#notes.set(instance.id, { id: instance.id, shard: run.row.shard, reason });
  }

  build(owner: string, fence: Flush['fence']): Flush {
    return {
      owner,
      fence,
      instances: [...this.#instances.values()],
      runs: [...this.#runs.values()],
      callbacks: this.#callbacks,
      notes: [...this.#notes.values()],
      waiters: this.waiters,
    };
  }
}
