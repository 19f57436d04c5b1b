/**
 * Works off callback requests: claims what is due, makes a few calls at once beside the worker's tasks, holds
 * their leases. A call changes no task and no run; one that fails waits and is made again, up to a limit.
 */

import { callbackRetryMs } from '#core/callbacks.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Database } from '#platform/db/client.ts';
import { type ClaimedCallback, claimCallbacks } from '#platform/db/queries/callbacks/claim-callbacks.ts';
import { type FinishedCallback, finishCallback } from '#platform/db/queries/callbacks/finish-callback.ts';
import { renewCallbacks } from '#platform/db/queries/callbacks/renew-callbacks.ts';
import { probe } from '#platform/probes/probe.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import type { AttemptDeps } from '../supervisor/attempt-deps.ts';
import { CallbackAttempt, type CallbackEnd } from './callback-attempt.ts';

export interface CallbackRunnerOptions {
  readonly attempts: AttemptDeps;
  readonly db: Database;
  readonly broker: Broker;
  readonly queues: readonly string[];
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
}

/** Calls at once, beside the slots for tasks: a slow callback keeps no task waiting. */
const CALLBACK_SLOTS = 2;
const LOOK_MS = 2_000;
const WRITE_AGAIN_MS = 500;

export class CallbackRunner implements Service {
  readonly #options: CallbackRunnerOptions;
  readonly #running = new Map<CallbackAttempt, Promise<void>>();
  readonly #claims: Loop;
  readonly #renewals: Loop;
  #unlisten: () => Promise<void> = async () => {};
  #stopped = false;

  constructor(options: CallbackRunnerOptions) {
    this.#options = options;
    const { clock, logger } = options.attempts;
    this.#claims = new Loop({ name: 'callbacks', clock, logger, intervalMs: LOOK_MS, runOnce: async () => void (await this.runOnce()) });
    this.#renewals = new Loop({
      name: 'callback-leases',
      clock,
      logger,
      intervalMs: options.leaseRenewMs,
      runOnce: async () => void (await this.renew()),
    });
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#options.broker.listen('callbacks_requested', () => this.wake());
    await this.#claims.start();
    await this.#renewals.start();
  }

  /** Calls that run are handed back; they are made again elsewhere. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#unlisten().catch(() => {});
    await this.#claims.stop();
    for (const attempt of this.#running.keys()) attempt.stop('stopped');
    await Promise.all(this.#running.values());
    await this.#renewals.stop();
  }

  wake(): void {
    this.#claims.wake();
  }

  /** Claims as much as there is room for and begins it. Returns how many. */
  async runOnce(): Promise<number> {
    const { db, attempts, leaseTtlMs, queues } = this.#options;
    const limit = CALLBACK_SLOTS - this.#running.size;
    if (limit <= 0 || this.#stopped) return 0;
    probe('callbacks.before_claim');
    const takenAt = attempts.clock.monotonic();
    const claimed = await claimCallbacks(db, { workerId: attempts.workerId, leaseTtlMs, queues, limit });
    if (claimed.length > 0) probe('callbacks.after_claim');
    for (const one of claimed) {
      const attempt = new CallbackAttempt(one, attempts);
      const living = this.#live(attempt, takenAt).finally(() => {
        this.#running.delete(attempt);
        this.wake();
      });
      this.#running.set(attempt, living);
    }
    return claimed.length;
  }

  async renew(): Promise<void> {
    if (this.#running.size === 0) return;
    const { db, attempts, leaseTtlMs } = this.#options;
    const asked = [...this.#running.keys()];
    const askedAt = attempts.clock.monotonic();
    const held = await renewCallbacks(db.reserved, {
      workerId: attempts.workerId,
      leaseTtlMs,
      calls: asked.map(({ claimed: { callbackId, tries } }) => ({ callbackId, tries })),
    });
    for (const attempt of asked) {
      if (held.has(attempt.claimed.callbackId)) attempt.allow(this.#liveMs(askedAt));
      else attempt.stop('lost');
    }
  }

  /** Its process dies by itself before anybody else may take the call. */
  #liveMs(takenAt: number): number {
    return Math.max(0, takenAt + this.#options.leaseTtlMs - this.#options.attempts.clock.monotonic());
  }

  async #live(attempt: CallbackAttempt, takenAt: number): Promise<void> {
    const { logger } = this.#options.attempts;
    const { claimed } = attempt;
    const end = await attempt.live(this.#liveMs(takenAt));
    if (end.kind === 'lost') return;
    const facts = { callback_id: claimed.callbackId, dag_id: claimed.dagId, run_id: claimed.runId, task_id: claimed.taskId };
    const finished = this.#finishOf(claimed, end);
    if (finished.state === 'failed')
      logger.warn(
        { event: 'callback.failed', ...facts, reason: finished.failure?.message },
        `callback ${claimed.name} failed and is given up`,
      );
    await this.#write(finished);
    this.#options.broker.ring('ui_events', { topics: [`run:${claimed.dagId}/${claimed.runId}`] });
  }

  #finishOf({ callbackId, tries }: ClaimedCallback, end: Exclude<CallbackEnd, { kind: 'lost' }>): FinishedCallback {
    const base = { workerId: this.#options.attempts.workerId, callbackId, tries, failure: null, nextTryInMs: 0, isHandedBack: false };
    if (end.kind === 'success') return { ...base, state: 'success' };
    if (end.kind === 'stopped') return { ...base, state: 'pending', isHandedBack: true };
    const waitMs = end.retryable ? callbackRetryMs(tries) : null;
    return { ...base, state: waitMs === null ? 'failed' : 'pending', failure: end.failure, nextTryInMs: waitMs ?? 0 };
  }

  /** Tries until it is written or the lease must be over. */
  async #write(finished: FinishedCallback): Promise<void> {
    const { db, attempts, leaseTtlMs } = this.#options;
    const { clock, logger } = attempts;
    for (const giveUpAt = clock.monotonic() + leaseTtlMs; clock.monotonic() < giveUpAt; ) {
      try {
        probe('callbacks.before_finish');
        await finishCallback(db, finished);
        probe('callbacks.after_finish');
        return;
      } catch (error) {
        logger.warn(
          { event: 'callback.finish_failed', callback_id: finished.callbackId, err: (error as Error).message },
          'the end of a callback could not be written yet; trying again',
        );
        await clock.sleep(WRITE_AGAIN_MS);
      }
    }
  }
}
