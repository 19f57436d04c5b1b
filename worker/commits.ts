/**
 * What a worker writes about its attempts, batched: claims, starts of bodies and finishes of all slots are one statement,
 * one in flight at a time. After a commit the doorbells ring.
 */

import type { Broker, Delivery } from '#platform/broker/broker.ts';
import type { AssetEventsQueued, TaskInstancesEnded, UiEvent } from '#platform/broker/messages.ts';
import { newId } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { isRefusedValue } from '#platform/db/errors.ts';
import { keepFoundAssets } from '#platform/db/queries/assets/keep-found-assets.ts';
import type { BodyStart } from '#platform/db/queries/begin-bodies.ts';
import type { Claim, Claimed } from '#platform/db/queries/claim-task-instances.ts';
import type { Finish } from '#platform/db/queries/finish-attempts.ts';
import { confirmStopped } from '#platform/db/queries/stopped-attempts.ts';
import { type AttemptsWritten, writeAttempts } from '#platform/db/queries/write-attempts.ts';
import { probe } from '#platform/probes/probe.ts';
import { GroupCommit } from '#platform/service/group-commit.ts';
import type { Linger } from './linger.ts';

export interface CommitDeps {
  readonly db: Database;
  readonly broker: Broker;
  readonly workerId: string;
  readonly hostname: string;
  readonly leaseTtlMs: number;
  /** Absent: every write goes at once. */
  readonly linger?: Linger;
}

/** accepted: written. lost: the lease was gone, nothing was written. */
export type FinishAnswer = { readonly accepted: boolean } | { readonly error: unknown };

type Item =
  | { readonly claim: Claim }
  | { readonly start: BodyStart }
  /** What is finished, and where its scheduler and its pages are. */
  | { readonly finish: Finish; readonly claimed: Claimed };
type FinishItem = Extract<Item, { finish: Finish }>;
type Answer = Claimed | null | boolean | FinishAnswer;

interface Batch {
  readonly claims: readonly Claim[];
  readonly starts: readonly BodyStart[];
  readonly finishes: readonly FinishItem[];
}

interface Written {
  readonly claimed: Map<string, Claimed>;
  readonly begun: ReadonlySet<string>;
  readonly finished: Map<string, FinishAnswer>;
}

const BATCH_MAX = 300;

export class Commits {
  readonly #deps: CommitDeps;
  readonly #items: GroupCommit<Item, Answer>;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
    this.#items = new GroupCommit(
      (items) => this.#flush(items),
      BATCH_MAX,
      () => deps.linger?.wait() ?? null,
    );
  }

  /** `warm`: the process that is held for it. Null = stale or somebody else's: forget the delivery. */
  claim(delivery: Delivery, warm: Claim['warm'] = null): Promise<Claimed | null> {
    return this.#items.add({ claim: { ...delivery, attemptId: newId(), warm } }) as Promise<Claimed | null>;
  }

  /** False = the lease is lost: do not run the body. */
  begin(start: BodyStart): Promise<boolean> {
    return this.#items.add({ start }) as Promise<boolean>;
  }

  /** Rejects while Postgres cannot be reached: try again while the lease can be trusted. */
  finish(claimed: Claimed, finish: Finish): Promise<FinishAnswer> {
    return this.#items.add({ finish, claimed }) as Promise<FinishAnswer>;
  }

  /** Says that the process of an attempt that was cleared is gone. Unsaid, the lease's end says it: so it never rejects. */
  async confirmStopped(claimed: Claimed): Promise<void> {
    const { db, broker, workerId } = this.#deps;
    const { taskInstanceId, leaseEpoch, shard, dagId, runId } = claimed;
    if (!(await confirmStopped(db, workerId, { taskInstanceId, leaseEpoch }).catch(() => false))) return;
    broker.ring('task_instances_ended', { shards: [shard], ids: [taskInstanceId] } satisfies TaskInstancesEnded);
    broker.ring('ui_events', { topics: [`run:${dagId}/${runId}`] } satisfies UiEvent);
  }

  async #flush(items: readonly Item[]): Promise<readonly Answer[]> {
    // One statement may touch a row once: a doubled delivery is claimed by its first.
    const claims = new Map<string, Claim>();
    for (const item of items)
      if ('claim' in item && !claims.has(item.claim.taskInstanceId)) claims.set(item.claim.taskInstanceId, item.claim);
    const finishes = items.filter((item) => 'finish' in item);
    // An attempt that is stopped while its start is on the way has both: what has ended is not begun.
    const ending = new Set(finishes.map(({ finish }) => finish.attemptId));
    const starts = items.flatMap((item) => ('start' in item && !ending.has(item.start.attemptId) ? [item.start] : []));
    const written = await this.#write({ claims: [...claims.values()], starts, finishes });
    this.#ringFinished(finishes.filter(({ finish }) => isAccepted(written.finished.get(finish.attemptId))));
    this.#ringPages([...written.claimed.values()]);
    if (finishes.some(({ finish }) => finish.assetEvents?.length && isAccepted(written.finished.get(finish.attemptId))))
      this.#deps.broker.ring('ui_events', { topics: ['assets'] });
    return items.map((item): Answer => {
      if ('start' in item) return written.begun.has(item.start.attemptId);
      if ('finish' in item) return written.finished.get(item.finish.attemptId) ?? { accepted: false };
      return written.claimed.get(item.claim.attemptId) ?? null;
    });
  }

  async #write(batch: Batch): Promise<Written> {
    const { claims, starts, finishes } = batch;
    const { db, workerId, hostname, leaseTtlMs } = this.#deps;
    if (claims.length > 0) probe('consume.before_claim');
    if (starts.length > 0) probe('supervise.before_begin');
    if (finishes.length > 0) probe('supervise.before_finish');
    try {
      const found = finishes.flatMap((item) => item.finish.assetEvents ?? []);
      if (found.length > 0) await keepFoundAssets(db, found);
      const written = await writeAttempts(db, {
        workerId,
        hostname,
        leaseTtlMs,
        claims,
        starts,
        finishes: finishes.map(({ finish }) => finish),
      });
      this.#afterWrite(written);
      return {
        claimed: new Map(written.claimed.map((row) => [row.attemptId, row])),
        begun: written.begun,
        finished: new Map(finishes.map(({ finish }) => [finish.attemptId, { accepted: written.finished.has(finish.attemptId) }])),
      };
    } catch (error) {
      if (finishes.length === 0 || !isRefusedValue(error)) throw error;
      return this.#writeApart(batch, error);
    }
  }

  #afterWrite({ claimed, begun, finished, assetDagIds }: AttemptsWritten): void {
    if (claimed.some((row) => !row.begun)) probe('consume.after_claim');
    if (begun.size > 0 || claimed.some((row) => row.begun)) probe('supervise.after_begin');
    if (finished.size > 0) probe('supervise.after_finish');
    this.#ringAssets(assetDagIds);
  }

  /** A value that Postgres refuses must not take the others of its batch with it: finishes are written one by one then. */
  async #writeApart({ claims, starts, finishes }: Batch, error: unknown): Promise<Written> {
    const only = finishes.length === 1 ? finishes[0] : undefined;
    const rest = claims.length + starts.length > 0;
    const written: Written = rest
      ? await this.#write({ claims, starts, finishes: [] })
      : { claimed: new Map(), begun: new Set(), finished: new Map() };
    if (only !== undefined) return { ...written, finished: new Map([[only.finish.attemptId, { error }]]) };
    for (const finish of finishes)
      for (const [attemptId, answer] of (await this.#write({ claims: [], starts: [], finishes: [finish] })).finished)
        written.finished.set(attemptId, answer);
    return written;
  }

  #ringFinished(ended: readonly FinishItem[]): void {
    if (ended.length === 0) return;
    const message: TaskInstancesEnded = {
      shards: [...new Set(ended.map(({ claimed }) => claimed.shard))],
      ids: ended.map(({ claimed }) => claimed.taskInstanceId),
      successes: ended.filter(isMereSuccess).map(({ claimed }) => `${claimed.taskInstanceId} ${claimed.leaseEpoch}`),
    };
    this.#deps.broker.ring('task_instances_ended', message);
    if (ended.some(({ finish }) => finish.event === 'defer')) this.#deps.broker.ring('waiters_changed', {});
    this.#ringPages(ended.map(({ claimed }) => claimed));
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

/** Nothing of it concerns the scheduler but that it succeeded. */
function isMereSuccess({ finish }: FinishItem): boolean {
  return finish.event === 'succeed' && finish.reason === null && finish.followed === null && Object.keys(finish.mapLengths).length === 0;
}

function isAccepted(answer: FinishAnswer | undefined): boolean {
  return answer !== undefined && 'accepted' in answer && answer.accepted;
}
