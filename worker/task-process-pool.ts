/**
 * Warm task processes. A process that has loaded a bundle runs the next attempt of the same bundle in a
 * fraction of a millisecond, and of another after it has loaded that, too, in a few; a fresh one costs many. At most slots + 1
 * exist: one a slot and one spare (and one for each callback that runs). An attempt that finds none waits for a new one or for one
 * that is given back, whichever comes first.
 */
import { availableParallelism } from 'node:os';
import type { Clock, Timer } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { residentBytes } from '#platform/resident-memory.ts';
import type { Bundle } from './loaded-bundles.ts';
import { SlotTurns, type Wait } from './slot-turns.ts';
import { TaskProcess } from './task-process.ts';
import type { TaskProcessOptions } from './task-process-spawn.ts';

export interface PoolOptions {
  readonly process: TaskProcessOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slots: number;
  /** How many bundles one process may hold, one after another. */
  readonly bundlesMax: number;
}

interface Waiter {
  readonly bundleHash: string;
  readonly take: (process: TaskProcess) => void;
  readonly refuse: (error: unknown) => void;
}

/** Leaks of user code are bounded by these. */
const RUNS_MAX = 5_000;
const IDLE_RSS_MAX_BYTES = 512 * 1024 * 1024;
const IDLE_MS = 180_000;
const SPARE_AFTER_MS = 30;
/** Who stands behind a body that runs this long goes elsewhere. */
const LATE_MS = 20;
/** Idle this long, a process lives until further notice. Far below any lease, so that no old allowance ends meanwhile. */
const RELIEF_AFTER_MS = 100;
const RETIRE_GRACE_MS = 500;
/** Reading /proc at every release would cost more than a short body. */
const RSS_EVERY_RUNS = 8;
/** More starts at once than cores only make each of them slower. */
const STARTS_MAX = Math.max(2, availableParallelism());

export class TaskProcessPool {
  readonly #options: PoolOptions;
  readonly #all = new Set<TaskProcess>();
  /** Least recently used first; the value is since when. */
  readonly #idle = new Map<TaskProcess, number>();
  readonly #starting = new Set<TaskProcess>();
  readonly #turns: SlotTurns;
  /** In an attempt's hands. */
  readonly #held = new Set<TaskProcess>();
  /** In the hands of what is no task. */
  readonly #beside = new Set<TaskProcess>();
  /** How many of these there are, or are waited for. */
  #besides = 0;
  #waiters: Waiter[] = [];
  #slots: number;
  #spareTimer: Timer | null = null;
  #sweepTimer: Timer | null = null;
  #reliefTimer: Timer | null = null;
  #lateTimer: Timer | null = null;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = options.slots;
    this.#turns = new SlotTurns(options.slots, options.clock);
    this.#planSpare();
    this.#planSweep();
  }

  get size(): number {
    return this.#all.size;
  }

  /** Attempts that hold a slot, what is worth claiming beyond the slots, and how long a slot is held, ms. */
  get turns(): Pick<SlotTurns, 'taken' | 'ahead' | 'paceMs'> {
    return this.#turns;
  }

  get #places(): number {
    return this.#slots + this.#besides;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#turns.setSlots(slots);
    this.#startForWaiters();
  }

  /**
   * Resolves with a process that has the bundle loaded or was just told to load it; null when no slot came free in time; joined
   * when the attempt stands behind another by what it has offered. A dead process says why by its exit. `wait`: see SlotTurns.
   */
  async acquire(bundle: Bundle, wait: Omit<Wait, 'kind'> = {}): Promise<TaskProcess | 'joined' | null> {
    const turn = await this.#turns.take({ ...wait, kind: bundle.hash });
    if (turn !== true) return turn === 'joined' ? turn : null;
    const taskProcess = await this.#choose(bundle).catch((error: unknown) => {
      this.#turns.giveBack(null);
      throw error;
    });
    this.#held.add(taskProcess);
    return taskProcess;
  }

  /**
   * Holds a slot and a process that has some bundle loaded, for a claim that is about to be made; null when no slot is free,
   * somebody waits for one, or no process is at hand. It is given to the attempt, or put back.
   */
  hold(): TaskProcess | null {
    const taskProcess = this.#find((process) => process.bundles.current !== null);
    if (taskProcess === undefined || !this.#turns.takeNow()) return null;
    this.#idle.delete(taskProcess);
    this.#held.add(taskProcess);
    taskProcess.runs += 1;
    return taskProcess;
  }

  /** It has been given an attempt: while bodies are brief, those that wait stand behind it. */
  deal(taskProcess: TaskProcess): void {
    const { current } = taskProcess.bundles;
    if (!this.#turns.isBrief || current === null) return;
    this.#turns.deal(current, taskProcess);
    this.#planLate();
  }

  /** A body has ended, and its process runs the next one of its hand. `ranMs`: null = not known. */
  passOn(ranMs: number | null): void {
    this.#turns.passOn(ranMs);
  }

  /** One of a hand did not begin in it. */
  takenBack(): void {
    this.#turns.takenBack();
  }

  /** Nothing ran in it. */
  putBack(taskProcess: TaskProcess): void {
    this.#held.delete(taskProcess);
    if (!taskProcess.dead) this.#offer(taskProcess);
    this.#planRelief();
    this.#turns.giveBack(null);
  }

  /** The same for what is no task: it takes no slot, and waits for none. */
  async acquireBeside(bundle: Bundle): Promise<TaskProcess> {
    this.#besides += 1;
    const taskProcess = await this.#choose(bundle).catch((error: unknown) => {
      this.#besides -= 1;
      throw error;
    });
    this.#beside.add(taskProcess);
    return taskProcess;
  }

  /** Gives a process back. One that ran badly, is worn out or left children behind is not used again. */
  release(taskProcess: TaskProcess, reusable: boolean): void {
    taskProcess.listen(null);
    taskProcess.watch(null);
    const wasHeld = this.#held.delete(taskProcess);
    const busyMs = taskProcess.takeBusyMs();
    if (this.#beside.delete(taskProcess)) this.#besides -= 1;
    this.#settle(taskProcess, reusable);
    if (wasHeld) this.#turns.giveBack(busyMs);
  }

  #settle(taskProcess: TaskProcess, reusable: boolean): void {
    const worn = taskProcess.runs >= RUNS_MAX || this.#all.size > this.#places + 1 || this.#closed || isBloated(taskProcess);
    if (!reusable || taskProcess.dead || worn || taskProcess.children.any()) {
      this.#retire(taskProcess);
      return;
    }
    if (taskProcess.orphans.mayBe) void taskProcess.orphans.kill().then(() => this.#offerIfAlive(taskProcess));
    else this.#offerIfAlive(taskProcess);
  }

  #offerIfAlive(taskProcess: TaskProcess): void {
    if (this.#closed || taskProcess.dead) {
      this.#retire(taskProcess);
      return;
    }
    this.#offer(taskProcess);
    this.#planRelief();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#spareTimer?.cancel();
    this.#sweepTimer?.cancel();
    this.#reliefTimer?.cancel();
    this.#lateTimer?.cancel();
    await Promise.all([...this.#all].map((process) => process.kill()));
  }

  /** Resolves with one that takes the bundle's attempts. Those in which something is left of another bundle are passed over. */
  async #choose(bundle: Bundle): Promise<TaskProcess> {
    for (;;) {
      const taskProcess = this.#findFor(bundle.hash) ?? (await this.#wait(bundle.hash));
      // Taken at once: another attempt may choose before this one's promise is heard.
      this.#idle.delete(taskProcess);
      if (await taskProcess.load(bundle)) {
        taskProcess.runs += 1;
        this.#planSpare();
        return taskProcess;
      }
      // It is warm for its own.
      this.#offerIfAlive(taskProcess);
    }
  }

  /** Has its code, has had it, is fresh, or may take it. While bodies are brief, few processes do more than many that must be started. */
  #findFor(hash: string): TaskProcess | undefined {
    const isFresh = (process: TaskProcess) => process.bundles.current === null;
    // Least recently used: the others are likelier wanted for their own.
    const other = () => [...this.#idle.keys()].find((process) => !process.dead && !isFresh(process) && this.mayTake(process, hash));
    return (
      this.#find((process) => process.bundles.current === hash) ??
      this.#find((process) => process.bundles.has(hash) && this.mayTake(process, hash)) ??
      (this.#turns.isBrief ? (other() ?? this.#find(isFresh)) : (this.#find(isFresh) ?? other()))
    );
  }

  /** There is room in it for the code of one more bundle, or it has this one's. */
  mayTake({ bundles }: TaskProcess, hash: string): boolean {
    return bundles.mayTake(hash, this.#options.bundlesMax);
  }

  #find(fits: (process: TaskProcess) => boolean): TaskProcess | undefined {
    return [...this.#idle.keys()].reverse().find((process) => !process.dead && fits(process));
  }

  #wait(bundleHash: string): Promise<TaskProcess> {
    return new Promise((take, refuse) => {
      this.#waiters.push({ bundleHash, take, refuse });
      this.#startForWaiters();
    });
  }

  /** To whoever waits for one like this, else to the idle ones. */
  #offer(taskProcess: TaskProcess): void {
    const waiter =
      this.#waiters.find(({ bundleHash }) => taskProcess.bundles.current === bundleHash) ??
      this.#waiters.find(({ bundleHash }) => this.mayTake(taskProcess, bundleHash));
    if (waiter) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.take(taskProcess);
      return;
    }
    this.#idle.set(taskProcess, this.#options.clock.monotonic());
    // It may take no bundle of those who wait: it makes room for a new process.
    if (this.#waiters.length > 0) this.#startForWaiters();
  }

  #startForWaiters(): void {
    while (!this.#closed && this.#starting.size < Math.min(this.#waiters.length, STARTS_MAX)) {
      if (this.#all.size > this.#places) {
        const oldest = this.#idle.keys().next().value;
        if (!oldest) return;
        this.#retire(oldest);
      }
      if (!this.#start()) this.#waiters.shift()?.refuse(new Error('no task process can be started on this machine'));
    }
  }

  /** Returns false when the system refuses; what else can go wrong is said by the process's exit. */
  #start(): boolean {
    const { process: options, clock, logger } = this.#options;
    let taskProcess: TaskProcess;
    try {
      taskProcess = new TaskProcess(options, clock);
    } catch (error) {
      logger.error({ event: 'task_process.refused', err: error }, 'a task process cannot be started');
      return false;
    }
    this.#all.add(taskProcess);
    this.#starting.add(taskProcess);
    void Promise.race([taskProcess.ready, taskProcess.exited]).then(() => {
      this.#starting.delete(taskProcess);
      // A stillborn one goes to an attempt too, which then says what happened, instead of being made again for ever.
      if (!taskProcess.dead || this.#waiters.length > 0) this.#offer(taskProcess);
      this.#startForWaiters();
    });
    void taskProcess.exited.then((exit) => {
      this.#all.delete(taskProcess);
      const wasIdle = this.#idle.delete(taskProcess);
      if (wasIdle && !this.#closed)
        logger.debug({ event: 'task_process.ended', process_id: taskProcess.pid, ...exit }, 'an idle task process ended');
      this.#startForWaiters();
    });
    return true;
  }

  #retire(taskProcess: TaskProcess): void {
    this.#idle.delete(taskProcess);
    // It does not count any more: while it dies, another may start.
    this.#all.delete(taskProcess);
    void taskProcess.terminate(RETIRE_GRACE_MS);
    this.#startForWaiters();
  }

  /** One fresh process in stock hides the start of the next. */
  #planSpare(): void {
    if (this.#spareTimer || this.#closed) return;
    this.#spareTimer = this.#options.clock.after(SPARE_AFTER_MS, () => {
      this.#spareTimer = null;
      const hasSpare = this.#starting.size > 0 || [...this.#idle.keys()].some((process) => process.bundles.current === null);
      if (!this.#closed && !hasSpare && this.#all.size <= this.#places) this.#start();
    });
  }

  /** The next attempt sets the dead-man switch anew; only a process that stays idle has to be relieved of it in time. */
  #planRelief(): void {
    this.#reliefTimer ??= this.#options.clock.after(RELIEF_AFTER_MS, () => {
      this.#reliefTimer = null;
      const before = this.#options.clock.monotonic() - RELIEF_AFTER_MS;
      for (const [process, since] of this.#idle) if (since <= before || process.allowedMs < RELIEF_AFTER_MS * 2) process.allow(null);
      if ([...this.#idle.keys()].some((process) => process.allowedMs !== Number.POSITIVE_INFINITY)) this.#planRelief();
    });
  }

  /** A body that goes on for long holds nobody up: those behind it are taken back, and more processes may be busy. */
  #planLate(): void {
    this.#lateTimer ??= this.#options.clock.after(LATE_MS, () => {
      this.#lateTimer = null;
      for (const process of this.#held) {
        if (process.runningMs < LATE_MS) continue;
        process.takeBack();
        this.#turns.measure(process.runningMs);
      }
      if (this.#held.size > 0 && (this.#turns.isBrief || [...this.#held].some((process) => process.followers > 0))) this.#planLate();
    });
  }

  #planSweep(): void {
    this.#sweepTimer = this.#options.clock.after(IDLE_MS / 3, () => {
      const before = this.#options.clock.monotonic() - IDLE_MS;
      for (const [process, since] of this.#idle) if (process.bundles.current !== null && since < before) this.#retire(process);
      if (!this.#closed) this.#planSweep();
    });
  }
}

function isBloated(taskProcess: TaskProcess): boolean {
  return taskProcess.runs % RSS_EVERY_RUNS === 0 && (residentBytes(taskProcess.pid) ?? 0) > IDLE_RSS_MAX_BYTES;
}
