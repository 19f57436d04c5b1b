/** How this process fares: what its heartbeat shows on the monitor. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '#platform/clock.ts';

export interface ProcessLoad {
  readonly rssBytes: number;
  /** Of one core, since the last look. */
  readonly cpuPercent: number;
  /** 99th percentile since the last look. */
  readonly eventLoopLagMs: number;
  readonly nodeVersion: string;
}

const RESOLUTION_MS = 20;

export class LoadMeter {
  readonly #clock: Clock;
  /** A new one for each time it is watched: one that rests takes its rest for a delay. */
  #delay: ReturnType<typeof monitorEventLoopDelay> | null = null;
  #cpu = process.cpuUsage();
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** From now on the lag is measured: the process wakes fifty times a second for it. */
  watch(): void {
    if (this.#delay !== null) return;
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
  }

  /** `isIdle`: what it does until somebody says `watch` again is not worth a measurement. */
  read(isIdle: boolean): ProcessLoad {
    const now = this.#clock.monotonic();
    const spent = process.cpuUsage(this.#cpu);
    const cpuPercent = ((spent.user + spent.system) / 1_000 / Math.max(1, now - this.#at)) * 100;
    const lagMs = this.#delay === null ? 0 : Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS);
    this.#cpu = process.cpuUsage();
    this.#at = now;
    this.#delay?.reset();
    if (isIdle) this.stop();
    return {
      rssBytes: process.memoryUsage.rss(),
      cpuPercent: Number(cpuPercent.toFixed(1)),
      eventLoopLagMs: Number((Number.isFinite(lagMs) ? lagMs : 0).toFixed(1)),
      nodeVersion: process.version,
    };
  }

  stop(): void {
    this.#delay?.disable();
    this.#delay = null;
  }
}
