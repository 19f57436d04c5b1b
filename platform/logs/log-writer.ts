/**
 * Appends lines to one attempt's log file. Lines gather in memory and go out in one write after a moment (a
 * short attempt costs one append, shared with its neighbours'). Disk trouble never reaches the attempt: what cannot be
 * written is counted and reported once.
 */
import type { Clock, Timer } from '#platform/clock.ts';
import { sharedLogAppender } from './log-appender.ts';

const FLUSH_AFTER_MS = 40;
const FLUSH_AT_BYTES = 64 * 1024;
/** Above this the source is asked to wait. */
const BACKLOG_MAX_BYTES = 1024 * 1024;

export interface LogWriterOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Called when the backlog got too large, and again (false) when it is written. */
  readonly onBackPressure: (wait: boolean) => void;
  /** Called once, with the first error of the disk. */
  readonly onError: (error: Error) => void;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  #pending: string[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #timer: Timer | null = null;
  #waiting = false;
  #broken = false;
  #dropped = false;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Adds one formatted line (with its newline). */
  append(line: string): void {
    if (this.#broken || this.#dropped) return;
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes >= FLUSH_AT_BYTES) this.#pump();
    else this.#timer ??= this.#options.clock.after(FLUSH_AFTER_MS, () => this.#pump());
    if (this.#pendingBytes >= BACKLOG_MAX_BYTES && !this.#waiting) {
      this.#waiting = true;
      this.#options.onBackPressure(true);
    }
  }

  /** Writes what is left. Never throws. */
  async close(): Promise<void> {
    while (this.#pending.length > 0 || this.#writing) {
      this.#pump();
      await this.#writing;
    }
    this.#timer?.cancel();
  }

  /** Forgets what is not written yet: the file belongs to somebody else now. */
  async drop(): Promise<void> {
    this.#dropped = true;
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#writing;
    await this.close();
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#writing || this.#pending.length === 0) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
      if (this.#pendingBytes >= FLUSH_AT_BYTES) this.#pump();
      else if (this.#pending.length > 0) this.#timer ??= this.#options.clock.after(FLUSH_AFTER_MS, () => this.#pump());
      if (this.#waiting && this.#pendingBytes < BACKLOG_MAX_BYTES) {
        this.#waiting = false;
        this.#options.onBackPressure(false);
      }
    });
  }

  async #write(): Promise<void> {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      await sharedLogAppender().append(this.#options.path, text);
    } catch (error) {
      if (!this.#broken) this.#options.onError(error as Error);
      this.#broken = true;
      this.#pending = [];
      this.#pendingBytes = 0;
    }
  }
}
