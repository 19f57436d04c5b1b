/** Notices when something held the event loop: every wait of the process was late by that much. */
import type { Clock, Timer } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';

const TICK_MS = 200;
/** While nothing waits, nothing is late. */
const IDLE_TICK_MS = 2_000;
const BLOCKED_MS = 500;

export class LoopGuard {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #isWaiting: () => boolean;
  #timer: Timer | null = null;
  #worstMs = 0;

  /** `isWaiting`: whether there is a wait that could be late. */
  constructor(deps: { readonly clock: Clock; readonly logger: Logger; readonly isWaiting: () => boolean }) {
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#isWaiting = deps.isWaiting;
  }

  start(): void {
    const before = this.#clock.monotonic();
    const tickMs = this.#isWaiting() ? TICK_MS : IDLE_TICK_MS;
    this.#timer = this.#clock.after(tickMs, () => {
      this.notice(this.#clock.monotonic() - before - tickMs);
      if (this.#timer !== null) this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  notice(lateMs: number): void {
    this.#worstMs = Math.max(this.#worstMs, lateMs);
    if (lateMs < BLOCKED_MS) return;
    this.#logger.warn(
      { event: 'triggerer.loop_blocked', late_ms: Math.round(lateMs) },
      `the event loop of the triggerer was blocked for ${Math.round(lateMs)} ms; all of its waits were late by that much`,
    );
  }

  /** Since the last call. */
  worstMs(): number {
    const worst = Math.max(0, Math.round(this.#worstMs));
    this.#worstMs = 0;
    return worst;
  }
}
