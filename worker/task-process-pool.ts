/**
 * Warm task processes. A process that has loaded a bundle runs the next attempt of the same bundle in a
 * fraction of a millisecond; a fresh one costs tens. At most slots + 1 exist: one a slot and one spare.
 */
import type { Clock, Timer } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { hasChildren, residentBytes } from './process-tree.ts';
import { TaskProcess } from './task-process.ts';
import type { TaskProcessOptions } from './task-process-spawn.ts';

export interface PoolOptions {
  readonly process: TaskProcessOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slots: number;
}

/** Leaks of user code are bounded by these. */
const RUNS_MAX = 500;
const IDLE_RSS_MAX_BYTES = 512 * 1024 * 1024;
const IDLE_MS = 180_000;
const SPARE_AFTER_MS = 30;
const RETIRE_GRACE_MS = 500;
/** Reading /proc at every release would cost more than a short body. */
const RSS_EVERY_RUNS = 8;

export class TaskProcessPool {
  readonly #options: PoolOptions;
  readonly #all = new Set<TaskProcess>();
  /** On their way out: they take no slot any more, else each retirement would force the next. */
  readonly #retiring = new Set<TaskProcess>();
  /** Least recently used first. */
  readonly #idle = new Map<TaskProcess, number>();
  #slots: number;
  #spareTimer: Timer | null = null;
  #sweepTimer: Timer | null = null;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = options.slots;
    this.#planSpare();
    this.#planSweep();
  }

  get size(): number {
    return this.#all.size;
  }

  get #usable(): number {
    return this.#all.size - this.#retiring.size;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
  }

  /** Returns a process that has the bundle loaded or was just told to load it. */
  acquire(bundleHash: string, bundleFile: string): TaskProcess {
    const found = this.#find((process) => process.bundleHash === bundleHash) ?? this.#find((process) => process.bundleHash === null);
    if (!found) this.#makeRoom();
    const taskProcess = found ?? this.#spawn();
    this.#idle.delete(taskProcess);
    if (taskProcess.bundleHash !== bundleHash) {
      taskProcess.bundleHash = bundleHash;
      taskProcess.send({ type: 'load', bundleFile, bundleHash });
    }
    taskProcess.runs += 1;
    this.#planSpare();
    return taskProcess;
  }

  /** Gives a process back. One that ran badly, is worn out or left children behind is not used again. */
  release(taskProcess: TaskProcess, reusable: boolean): void {
    taskProcess.listen(null);
    const worn = taskProcess.runs >= RUNS_MAX || this.#usable > this.#slots + 1 || this.#closed || isBloated(taskProcess);
    if (!reusable || taskProcess.dead || worn || hasChildren(taskProcess.pid)) {
      this.#retire(taskProcess);
      return;
    }
    taskProcess.allow(null);
    this.#idle.set(taskProcess, this.#options.clock.monotonic());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#spareTimer?.cancel();
    this.#sweepTimer?.cancel();
    await Promise.all([...this.#all].map((process) => process.kill()));
  }

  #find(fits: (process: TaskProcess) => boolean): TaskProcess | undefined {
    return [...this.#idle.keys()].reverse().find((process) => !process.dead && fits(process));
  }

  #spawn(): TaskProcess {
    const { process: options, clock, logger } = this.#options;
    const taskProcess = new TaskProcess(options, clock);
    this.#all.add(taskProcess);
    void taskProcess.exited.then((exit) => {
      this.#all.delete(taskProcess);
      this.#retiring.delete(taskProcess);
      if (this.#idle.delete(taskProcess) && !this.#closed)
        logger.debug(
          { event: 'task_process.ended', process_id: taskProcess.pid, code: exit.code, signal: exit.signal },
          'an idle task process ended',
        );
    });
    return taskProcess;
  }

  #makeRoom(): void {
    const oldest = this.#idle.keys().next().value;
    if (oldest && this.#usable > this.#slots) this.#retire(oldest);
  }

  #retire(taskProcess: TaskProcess): void {
    this.#idle.delete(taskProcess);
    if (this.#all.has(taskProcess)) this.#retiring.add(taskProcess);
    void taskProcess.terminate(taskProcess.dead ? 0 : RETIRE_GRACE_MS);
  }

  #planSpare(): void {
    if (this.#spareTimer || this.#closed) return;
    this.#spareTimer = this.#options.clock.after(SPARE_AFTER_MS, () => {
      this.#spareTimer = null;
      const hasSpare = [...this.#idle.keys()].some((process) => process.bundleHash === null);
      if (!this.#closed && !hasSpare && this.#usable <= this.#slots) this.#idle.set(this.#spawn(), this.#options.clock.monotonic());
    });
  }

  #planSweep(): void {
    this.#sweepTimer = this.#options.clock.after(IDLE_MS / 3, () => {
      const before = this.#options.clock.monotonic() - IDLE_MS;
      for (const [process, since] of this.#idle) if (process.bundleHash !== null && since < before) this.#retire(process);
      if (!this.#closed) this.#planSweep();
    });
  }
}

function isBloated(taskProcess: TaskProcess): boolean {
  return taskProcess.runs % RSS_EVERY_RUNS === 0 && (residentBytes(taskProcess.pid) ?? 0) > IDLE_RSS_MAX_BYTES;
}
