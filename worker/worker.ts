/**
 * A worker: takes what is rung, runs it, says how it fares, and does what an operator asks of it (run, pause,
 * drain, stop, resize). Its state here is what the monitor shows.
 */

import { formatDuration } from '#core/duration.ts';
import type { Broker, Delivery } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '#platform/probes/probe.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import type { CallbackRunner } from './callbacks/callback-runner.ts';
import { ConsumerWatchdog } from './consumer-watchdog.ts';
import { Intake, type Taken } from './intake.ts';
import { LoadMeter } from './process-load.ts';
import { Attempt } from './supervisor/attempt.ts';
import type { AttemptDeps } from './supervisor/attempt-deps.ts';

export interface WorkerOptions {
  readonly attempts: AttemptDeps;
  readonly callbacks: CallbackRunner;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hostname: string;
  readonly version: string;
  /** In which all processes must agree; told with each heartbeat. */
  readonly settings: Readonly<Record<string, string>>;
  readonly queues: readonly string[];
  readonly slots: number;
  readonly heartbeatMs: number;
  readonly drainMs: number;
  /** With nothing heard for this long, the doorbell is suspected. */
  readonly quietMs: number;
  /** An operator asked for the end: whoever started the worker stops it. */
  readonly onStopAsked: () => void;
}

type WorkerState = 'running' | 'paused' | 'draining';

/** What an operator may ask for, and what it means here. */
const STATE_OF_DESIRE: Readonly<Record<string, WorkerState>> = {
  running: 'running',
  paused: 'paused',
  draining: 'draining',
  stopped: 'draining',
};
const SLOTS_MAX = 1_000;
const MEMORY_CHECK_MS = 1_000;

export class Worker implements Service {
  readonly #options: WorkerOptions;
  readonly #intake: Intake;
  readonly #attempts = new Set<Attempt>();
  readonly #load: LoadMeter;
  readonly #loops: readonly Loop[];
  readonly #heartbeat: Loop;
  #state: WorkerState = 'running';
  #processed = 0;
  #failed = 0;
  #stopping: Promise<void> | null = null;
  #handingBack = false;
  #retiring = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { clock, logger, broker, db, queues, slots } = options;
    this.#load = new LoadMeter(clock);
    this.#intake = new Intake({
      broker,
      clock,
      logger,
      queues,
      slots,
      turns: options.attempts.pool.turns,
      claim: (delivery) => this.#claim(delivery),
      run: (taken, takenAt) => this.#run(taken, takenAt),
    });
    const watchdog = new ConsumerWatchdog({ db, intake: this.#intake, queues, logger, quietMs: options.quietMs });
    this.#heartbeat = new Loop({ name: 'worker-heartbeat', clock, logger, intervalMs: options.heartbeatMs, runOnce: () => this.beat() });
    this.#loops = [
      this.#heartbeat,
      new Loop({ name: 'memory-check', clock, logger, intervalMs: MEMORY_CHECK_MS, runOnce: async () => this.#checkUse() }),
      new Loop({
        name: 'consumer-watchdog',
        clock,
        logger,
        intervalMs: Math.max(250, options.quietMs / 3),
        runOnce: async () => (this.#state === 'running' ? watchdog.runOnce() : undefined),
      }),
    ];
  }

  async start(): Promise<void> {
    await this.beat();
    await this.#options.attempts.keeper.start();
    await this.#options.callbacks.start();
    await this.#intake.open();
    await Promise.all(this.#loops.map((loop) => loop.start()));
  }

  /** Looks at its desired state now instead of with the next heartbeat. */
  wake(): void {
    this.#heartbeat.wake();
  }

  /** Takes nothing more; lets tasks finish for a while, then hands them back. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Claims nothing more, whatever an operator asks for; resolves when all tasks have ended. */
  async retire(): Promise<void> {
    this.#retiring = true;
    await this.#change('draining');
    await this.#intake.whenEmpty();
  }

  /** Says that the worker lives, and does what was asked of it. */
  async beat(): Promise<undefined> {
    const desired = await this.#report(false);
    if (this.#stopping || this.#retiring) return;
    const slots = desired.desiredSlots;
    if (slots !== null && slots >= 1 && slots <= SLOTS_MAX && slots !== this.#intake.slots) this.#resize(slots);
    const wanted = STATE_OF_DESIRE[desired.desiredState ?? 'running'] ?? 'running';
    if (wanted !== this.#state) await this.#change(wanted);
    if (desired.desiredState === 'stopped') this.#options.onStopAsked();
    return;
  }

  /** With a process held for it, where one is at hand: then the body begins with the claim. */
  async #claim(delivery: Delivery): Promise<Taken | null> {
    const { commits, pool } = this.#options.attempts;
    const held = pool.hold();
    try {
      const warm = held?.bundles.current == null ? null : { bundleHash: held.bundles.current, pid: held.pid };
      const claimed = await commits.claim(delivery, warm);
      if (claimed !== null) return { claimed, held };
    } catch (error) {
      if (held !== null) pool.putBack(held);
      throw error;
    }
    if (held !== null) pool.putBack(held);
    return null;
  }

  async #run({ claimed, held }: Taken, takenAt: number): Promise<void> {
    const attempt = new Attempt(claimed, takenAt, held, this.#options.attempts);
    this.#attempts.add(attempt);
    this.#load.watch();
    if (this.#handingBack) attempt.stop(this.#stopReason);
    try {
      const { event } = await attempt.live();
      this.#processed += 1;
      if (event === 'fail' || event === 'retry' || event === null) this.#failed += 1;
    } finally {
      this.#attempts.delete(attempt);
    }
  }

  get #stopReason(): string {
    return `the worker was stopped after waiting ${formatDuration(this.#options.drainMs)} for the task`;
  }

  #resize(slots: number): void {
    this.#intake.setSlots(slots);
    this.#options.attempts.pool.setSlots(slots);
    this.#options.logger.info({ event: 'worker.resized', slots }, `slots set to ${slots}`);
    this.#heartbeat.wake();
  }

  async #change(state: WorkerState): Promise<void> {
    this.#state = state;
    this.#options.logger.info({ event: 'worker.state_changed', state }, `the worker is ${state} now`);
    if (state === 'running') await this.#intake.open();
    else await this.#intake.close();
    this.#heartbeat.wake();
  }

  async #stop(): Promise<void> {
    const { clock, drainMs, logger, attempts, callbacks } = this.#options;
    this.#state = 'draining';
    await this.#report(false).catch(() => {});
    await this.#intake.close();
    if (this.#attempts.size > 0)
      logger.info({ event: 'worker.draining', running: this.#attempts.size }, `waiting up to ${drainMs} ms for running tasks`);
    await Promise.race([this.#intake.whenEmpty(), clock.sleep(drainMs)]);
    if (this.#attempts.size > 0) probe('supervise.before_hand_back');
    this.#handingBack = true;
    for (const attempt of this.#attempts) attempt.stop(this.#stopReason);
    // Their processes die within the grace; a finish that cannot be written gives up when its lease ends.
    await this.#intake.whenEmpty();
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await callbacks.stop();
    await attempts.keeper.stop();
    await attempts.pool.close();
    await this.#report(true).catch(() => {});
    this.#load.stop();
  }

  #checkUse(): undefined {
    for (const attempt of this.#attempts) attempt.checkUse();
  }

  #report(stopped: boolean) {
    const { db, broker, attempts, hostname, version, settings, queues } = this.#options;
    broker.ring('ui_events', { topics: ['workers'] });
    return saveService(db.reserved, {
      serviceId: attempts.workerId,
      kind: 'worker',
      hostname,
      pid: process.pid,
      version,
      stopped,
      state: this.#state,
      queues,
      slots: this.#intake.slots,
      running: attempts.pool.turns.taken,
      processed: this.#processed,
      failed: this.#failed,
      info: { settings, ...this.#load.read(this.#attempts.size === 0), taskProcesses: attempts.pool.size, broker: broker.kind },
    });
  }
}
