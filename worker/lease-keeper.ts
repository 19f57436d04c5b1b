/**
 * Keeps the leases of all attempts of this worker with one statement a beat. Trust in a lease is counted from
 * the *start* of the last successful request, on the monotonic clock: an attempt that cannot be renewed in
 * time is stopped here, well before anyone else may take it over, even when Postgres or this process stalls.
 */

import { FINISHED_STATES, type TaskInstanceState } from '#core/states.ts';
import type { Clock } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { type HeldLease, type Lease, renewLeases } from '#platform/db/queries/renew-leases.ts';
import { readTakenLeases, type TakenLease } from '#platform/db/queries/stopped-attempts.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '#platform/probes/probe.ts';
import { Loop } from '#platform/service/service.ts';

export interface LeaseTiming {
  readonly ttlMs: number;
  readonly renewMs: number;
  /** Between SIGTERM and SIGKILL of a body that a person stopped. Absent = it is killed at once. */
  readonly killGraceMs?: number;
}

export interface LeaseHolder {
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Monotonic instant at which the claim's request began. */
  readonly takenAt: number;
  progress(): Lease['progress'];
  /** The lease was renewed: the process may live this long from now. */
  onRenewed(liveMs: number): void;
  /** Lost: kill at once, write nothing. `graceMs` > 0 = we stop by ourselves in good time. */
  onLost(reason: string, graceMs: number): void;
}

/** Of the TTL, this part is kept for stopping a process before the lease ends (8 s of 30 s). */
const MARGIN_SHARE = 8 / 30;
/** Of the margin, this part is the time between SIGTERM and SIGKILL. */
const GRACE_SHARE = 5 / 8;
const IDLE_MS = 60_000;

export class LeaseKeeper {
  readonly #timing: LeaseTiming;
  readonly #workerId: string;
  readonly #db: Queryable;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #holders = new Map<LeaseHolder, { trustedUntil: number }>();
  readonly #renewals: Loop;
  readonly #fence: Loop;

  constructor(deps: {
    readonly timing: LeaseTiming;
    readonly workerId: string;
    readonly db: Queryable;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#timing = deps.timing;
    this.#workerId = deps.workerId;
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    const { clock, logger } = deps;
    this.#renewals = new Loop({
      name: 'lease-keeper',
      clock,
      logger,
      intervalMs: this.#timing.renewMs,
      runOnce: () => this.renewOnce(),
    });
    this.#fence = new Loop({
      name: 'lease-fence',
      clock,
      logger,
      intervalMs: Math.min(250, this.#timing.renewMs / 2),
      runOnce: async () => {
        await this.fenceOnce();
        return this.#holders.size === 0 ? IDLE_MS : undefined;
      },
    });
  }

  async start(): Promise<void> {
    await Promise.all([this.#renewals.start(), this.#fence.start()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#renewals.stop(), this.#fence.stop()]);
  }

  add(holder: LeaseHolder): void {
    // The fence sleeps long while there is nothing to fence.
    if (this.#holders.size === 0) this.#fence.wake();
    this.#holders.set(holder, { trustedUntil: this.#trustFrom(holder.takenAt) });
  }

  remove(holder: LeaseHolder): void {
    this.#holders.delete(holder);
  }

  /** Milliseconds for which the lease can still be trusted; 0 = not any more. */
  trustedMs(holder: LeaseHolder): number {
    const entry = this.#holders.get(holder);
    return entry ? Math.max(0, entry.trustedUntil - this.#clock.monotonic()) : 0;
  }

  /** How long its process may live on when nothing more is heard: the trust and the grace, still inside the lease. */
  liveMs(holder: LeaseHolder): number {
    return this.trustedMs(holder) + this.#timing.ttlMs * MARGIN_SHARE * GRACE_SHARE;
  }

  /** Somebody says that leases were taken away: asks now instead of with the next beat. Null = whichever. */
  lookAt(ids: readonly unknown[] | null): void {
    if (ids === null ? this.#holders.size > 0 : [...this.#holders.keys()].some((holder) => ids.includes(holder.taskInstanceId)))
      this.#renewals.wake();
  }

  /** Renews all leases; those that Postgres does not confirm are lost. */
  async renewOnce(): Promise<undefined> {
    await this.fenceOnce();
    const holders = [...this.#holders.keys()];
    if (holders.length === 0) return;
    const startedAt = this.#clock.monotonic();
    probe('supervise.before_renew');
    const held = await renewLeases(this.#db, {
      workerId: this.#workerId,
      leaseTtlMs: this.#timing.ttlMs,
      leases: holders.map((holder) => ({
        taskInstanceId: holder.taskInstanceId,
        leaseEpoch: holder.leaseEpoch,
        progress: holder.progress(),
      })),
    });
    probe('supervise.after_renew');
    const heldKeys = new Map(held.map((lease) => [keyOf(lease), lease.isRenewed]));
    const lost = holders.filter((holder) => this.#holders.has(holder) && !heldKeys.has(keyOf(holder)));
    const taken = await this.#whatBecameOf(lost);
    for (const holder of holders) {
      const entry = this.#holders.get(holder);
      // It ended (or was fenced) while the request was on its way.
      if (!entry) continue;
      const isRenewed = heldKeys.get(keyOf(holder));
      if (isRenewed === true) {
        entry.trustedUntil = this.#trustFrom(startedAt);
        holder.onRenewed(this.liveMs(holder));
        // One whose row is locked for the moment keeps the trust it has.
      } else if (isRenewed === undefined) {
        const stop = this.#explain(holder, taken.get(holder.taskInstanceId));
        this.#lose(holder, stop.reason, stop.graceMs);
      }
    }
  }

  /** Without an answer nothing is known, and they are killed at once. */
  async #whatBecameOf(lost: readonly LeaseHolder[]): Promise<ReadonlyMap<string, TakenLease>> {
    if (lost.length === 0) return new Map();
    const ids = lost.map((holder) => holder.taskInstanceId);
    return readTakenLeases(this.#db, ids).catch(() => new Map());
  }

  /** A body that was stopped by a person, and that nobody else runs yet, may end in order. */
  #explain({ leaseEpoch }: LeaseHolder, taken: TakenLease | undefined): { readonly reason: string; readonly graceMs: number } {
    const isNext = taken?.leaseEpoch === leaseEpoch + 1;
    const graceMs = Math.min(this.#timing.killGraceMs ?? 0, this.#timing.ttlMs * MARGIN_SHARE * GRACE_SHARE);
    if (isNext && taken.state === 'restarting' && taken.leaseOwner === this.#workerId)
      return { reason: 'the task instance was cleared while it ran', graceMs };
    if (isNext && FINISHED_STATES.includes(taken.state as TaskInstanceState))
      return { reason: `the task instance was stopped while it ran, and is ${taken.state} now`, graceMs };
    return { reason: 'the lease is held by somebody else, or the task instance was changed by a user', graceMs: 0 };
  }

  /** Stops the attempts whose lease can no longer be trusted. */
  async fenceOnce(): Promise<undefined> {
    const now = this.#clock.monotonic();
    for (const [holder, { trustedUntil }] of this.#holders)
      if (now >= trustedUntil) this.#lose(holder, 'the lease could not be renewed in time', this.#graceMs(now - trustedUntil));
  }

  #lose(holder: LeaseHolder, reason: string, graceMs: number): void {
    this.#holders.delete(holder);
    this.#logger.warn({ event: 'lease.lost', task_instance_id: holder.taskInstanceId, lease_epoch: holder.leaseEpoch }, reason);
    holder.onLost(reason, graceMs);
  }

  #trustFrom(requestStartedAt: number): number {
    return requestStartedAt + this.#timing.ttlMs * (1 - MARGIN_SHARE);
  }

  /** `lateMs`: a fence that comes late (this process stalled) has less grace left, maybe none. */
  #graceMs(lateMs: number): number {
    return Math.max(0, this.#timing.ttlMs * MARGIN_SHARE * GRACE_SHARE - lateMs);
  }
}

function keyOf({ taskInstanceId, leaseEpoch }: HeldLease): string {
  return `${taskInstanceId}/${leaseEpoch}`;
}
