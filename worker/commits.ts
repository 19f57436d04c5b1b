/**
 * What a worker writes about its attempts, batched: claims, starts of bodies and finishes of all slots share
 * statements, one of each kind in flight at a time. After a commit the doorbells ring.
 */

import type { Broker, Delivery } from '#platform/broker/broker.ts';
import type { AssetEventsQueued, TaskInstancesEnded, UiEvent } from '#platform/broker/messages.ts';
import { newId } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { isRefusedValue } from '#platform/db/errors.ts';
import { keepFoundAssets } from '#platform/db/queries/assets/keep-found-assets.ts';
import { type BegunBody, type BodyStart, beginBodies } from '#platform/db/queries/begin-bodies.ts';
import { type Claimed, claimTaskInstances } from '#platform/db/queries/claim-task-instances.ts';
import { type Finish, finishAttempts } from '#platform/db/queries/finish-attempts.ts';
import { confirmStopped } from '#platform/db/queries/stopped-attempts.ts';
import { probe } from '#platform/probes/probe.ts';
import { GroupCommit } from '#platform/service/group-commit.ts';

export interface CommitDeps {
  readonly db: Database;
  readonly broker: Broker;
  readonly workerId: string;
  readonly hostname: string;
  readonly leaseTtlMs: number;
}

/** What is finished, and where its scheduler and its pages are. */
export interface FinishOf {
  readonly claimed: Claimed;
  readonly finish: Finish;
}

/** accepted: written. lost: the lease was gone, nothing was written. */
export type FinishAnswer = { readonly accepted: boolean } | { readonly error: unknown };

const BATCH_MAX = 200;

export class Commits {
  readonly #deps: CommitDeps;
  readonly #claims: GroupCommit<Delivery, Claimed | null>;
  readonly #starts: GroupCommit<BodyStart, BegunBody | null>;
  readonly #finishes: GroupCommit<FinishOf, FinishAnswer>;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
    this.#claims = new GroupCommit((deliveries) => this.#flushClaims(deliveries), BATCH_MAX);
    this.#starts = new GroupCommit((bodies) => this.#flushStarts(bodies), BATCH_MAX);
    this.#finishes = new GroupCommit((finishes) => this.#flushFinishes(finishes), BATCH_MAX);
  }

  /** Null = stale or somebody else's: forget the delivery. */
  claim(delivery: Delivery): Promise<Claimed | null> {
    return this.#claims.add(delivery);
  }

  /** Null = the lease is lost: do not run the body. */
  begin(body: BodyStart): Promise<BegunBody | null> {
    return this.#starts.add(body);
  }

  /** Says that the process of an attempt that was cleared is gone. Unsaid, the lease's end says it: so it never rejects. */
  async confirmStopped(claimed: Claimed): Promise<void> {
    const { db, broker, workerId } = this.#deps;
    const { taskInstanceId, leaseEpoch, shard, dagId, runId } = claimed;
    if (!(await confirmStopped(db, workerId, { taskInstanceId, leaseEpoch }).catch(() => false))) return;
    broker.ring('task_instances_ended', { shards: [shard], ids: [taskInstanceId] } satisfies TaskInstancesEnded);
    broker.ring('ui_events', { topics: [`run:${dagId}/${runId}`] } satisfies UiEvent);
  }

  /** Rejects while Postgres cannot be reached: try again while the lease can be trusted. */
  finish(claimed: Claimed, finish: Finish): Promise<FinishAnswer> {
    return this.#finishes.add({ claimed, finish });
  }

  async #flushClaims(deliveries: readonly Delivery[]): Promise<readonly (Claimed | null)[]> {
    const { db, workerId, hostname, leaseTtlMs } = this.#deps;
    // One statement may touch a row once: a doubled delivery is claimed by its first.
    const first = new Map(deliveries.map((delivery) => [delivery.taskInstanceId, { ...delivery, attemptId: newId() }]));
    probe('consume.before_claim');
    const claimed = await claimTaskInstances(db, { workerId, hostname, leaseTtlMs, claims: [...first.values()] });
    probe('consume.after_claim');
    this.#ringPages(claimed);
    const byId = new Map(claimed.map((row) => [row.taskInstanceId, row]));
    return deliveries.map((delivery) => {
      const row = byId.get(delivery.taskInstanceId) ?? null;
      byId.delete(delivery.taskInstanceId);
      return row;
    });
  }

  async #flushStarts(bodies: readonly BodyStart[]): Promise<readonly (BegunBody | null)[]> {
    probe('supervise.before_begin');
    const begun = await beginBodies(this.#deps.db, { workerId: this.#deps.workerId, bodies });
    probe('supervise.after_begin');
    const byId = new Map(begun.map((row) => [row.attemptId, row]));
    return bodies.map((body) => byId.get(body.attemptId) ?? null);
  }

  async #flushFinishes(items: readonly FinishOf[]): Promise<readonly FinishAnswer[]> {
    const answers = await this.#writeFinishes(items);
    const ended = items.filter((_, index) => (answers[index] as { accepted?: boolean }).accepted === true).map((item) => item.claimed);
    if (ended.length > 0) {
      const message: TaskInstancesEnded = {
        shards: [...new Set(ended.map((row) => row.shard))],
        ids: ended.map((row) => row.taskInstanceId),
      };
      this.#deps.broker.ring('task_instances_ended', message);
      if (items.some((item) => item.finish.event === 'defer')) this.#deps.broker.ring('waiters_changed', {});
      this.#ringPages(ended);
    }
    return answers;
  }

  /** A value that Postgres refuses must not take the others of its batch with it: they are written one by one then. */
  async #writeFinishes(items: readonly FinishOf[]): Promise<readonly FinishAnswer[]> {
    const { db, workerId } = this.#deps;
    try {
      await keepFoundAssets(
        db,
        items.flatMap((item) => item.finish.assetEvents ?? []),
      );
      probe('supervise.before_finish');
      const { attemptIds, assetDagIds } = await finishAttempts(db, { workerId, finishes: items.map((item) => item.finish) });
      probe('supervise.after_finish');
      this.#ringAssets(assetDagIds);
      return items.map((item) => ({ accepted: attemptIds.has(item.finish.attemptId) }));
    } catch (error) {
      if (!isRefusedValue(error)) throw error;
      if (items.length === 1) return [{ error }];
      const answers: FinishAnswer[] = [];
      for (const item of items) answers.push(...(await this.#writeFinishes([item])));
      return answers;
    }
  }

  /** Runs of these DAGs may be due. */
  #ringAssets(dagIds: readonly string[]): void {
    if (dagIds.length === 0) return;
    const message: AssetEventsQueued = { dagIds };
    this.#deps.broker.ring('asset_events_queued', message);
    this.#deps.broker.ring('ui_events', { topics: ['assets', ...dagIds.map((dagId) => `dag:${dagId}`)] });
  }

  #ringPages(rows: readonly Claimed[]): void {
    if (rows.length === 0) return;
    const message: UiEvent = { topics: [...new Set(rows.flatMap((row) => [`dag:${row.dagId}`, `run:${row.dagId}/${row.runId}`]))] };
    this.#deps.broker.ring('ui_events', message);
  }
}
