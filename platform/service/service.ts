/**
 * The shape of everything that runs in the background: start, stop, and `runOnce`, which tests call instead
 * of waiting. A loop is level-triggered: `wake()` only shortens a sleep that is bounded anyway.
 */
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';

export interface Service {
  start(): Promise<void>;
  /** Idempotent; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One pass. Returns how long to sleep at most before the next, in ms; undefined = `intervalMs`. */
  readonly runOnce: () => Promise<number | undefined>;
  readonly intervalMs: number;
}

/**
 * Loops that look once a second or less often do so together, on whole seconds: a process that wakes once for all of them spends
 * a fraction of what it costs to wake for each. A sleep only becomes shorter by it, never less than half.
 */
const TOGETHER_MS = 1_000;

export function togetherMs(nowMs: number, sleepMs: number): number {
  if (sleepMs < TOGETHER_MS) return sleepMs;
  const end = nowMs + sleepMs;
  // A timer may be a fraction of a millisecond early, and would find the same second before it.
  const until = (gridMs: number) => Math.min(sleepMs, Math.ceil(end - (end % gridMs) - nowMs) + 1);
  return until(TOGETHER_MS) >= sleepMs / 2 ? until(TOGETHER_MS) : Math.max(sleepMs / 2, until(TOGETHER_MS / 2));
}

/** Runs `runOnce` again and again, never twice at once; an error is logged and the loop goes on. */
export class Loop implements Service {
  readonly #options: LoopOptions;
  #running: Promise<void> | null = null;
  #stopped = false;
  #woken = false;
  /** Ends the sleep between two passes. */
  #interrupt: (() => void) | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#stopped = false;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#interrupt?.();
    await this.#running;
    this.#running = null;
  }

  /** Makes the next pass begin at once; wakes during a pass lead to one more pass. */
  wake(): void {
    this.#woken = true;
    this.#interrupt?.();
  }

  async #run(): Promise<void> {
    const { clock, logger, name, runOnce, intervalMs } = this.#options;
    while (!this.#stopped) {
      this.#woken = false;
      let sleepMs = intervalMs;
      try {
        sleepMs = (await runOnce()) ?? togetherMs(clock.monotonic(), intervalMs);
      } catch (error) {
        logger.error({ event: 'loop.failed', loop: name, err: error }, `${name}: a pass failed; the next one follows`);
        sleepMs = Math.max(intervalMs, 500);
      }
      if (this.#woken || this.#stopped) continue;
      await this.#sleep(clock, sleepMs);
    }
  }

  /** Plain timers and no signals: a busy loop is woken thousands of times a second. */
  #sleep(clock: Clock, sleepMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#interrupt = null;
        timer.cancel();
        resolve();
      };
      const timer = clock.after(sleepMs, done);
      this.#interrupt = done;
    });
  }
}
