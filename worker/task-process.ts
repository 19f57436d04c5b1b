/**
 * The supervisor's handle on one task process: messages, output, the dead-man switch, and its death. Knows
 * nothing of attempts; whoever holds it listens.
 */
import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { JsonLineReader } from '#core/json-lines.ts';
import { type FromTaskProcess, TASK_PROTOCOL, type ToTaskProcess } from '#core/task-protocol.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { ChildrenOf } from './children-of.ts';
import { Orphans } from './orphans.ts';
import { killMarked, signalGroup } from './process-tree.ts';
import { CHANNEL_FD, WATCHDOG_FD } from './task-process/settings.ts';
import { spawnTaskProcess, type TaskProcessOptions } from './task-process-spawn.ts';
import { makeTempFolder, removeTempFolder } from './temp-folders.ts';
import { parseFromTaskProcess } from './validate-message.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started at all. */
  readonly spawnError: string | null;
}

export interface TaskProcessListener {
  onMessage(message: FromTaskProcess): void;
  onOutput(source: 'stdout' | 'stderr', bytes: Buffer): void;
  /** It said more in one message than it may; it is of no use any more. */
  onOversizedMessage(): void;
  /** It said something that is no message of the protocol. */
  onGarbledMessage(): void;
}

/** Room for what surrounds a result of the largest size, and for its escapes. */
const MESSAGE_SLACK_BYTES = 1024 * 1024;
/** Of the time an attempt may live, this much must be left of an earlier allowance for it to stand. */
const ALLOWED_AGAIN_SHARE = 0.7;
/** While what it says is held back, look this often whether it flows again. */
const HELD_BACK_LOOK_MS = 10;
/** Answers that it has not read yet. */
const UNREAD_MAX_BYTES = 16 * 1024 * 1024;
/** After its death, output may still lie in the pipes. */
const PIPES_CLOSE_MS = 1_000;

export class TaskProcess {
  readonly mark = newId();
  /** Resolves when it is dead, its output read and what it left behind is killed. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when it has started and its dead-man switch is armed. Never, if it dies before. */
  readonly ready: Promise<void>;
  /** Bundle it has loaded (or was told to). */
  bundleHash: string | null = null;
  /** Attempts it was given. */
  runs = 0;
  dead = false;
  readonly messageMaxBytes: number;
  /** What it has started itself. */
  readonly children: ChildrenOf;
  readonly orphans: Orphans;

  readonly #tempFolder: string;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #listener: TaskProcessListener | null = null;
  #allowedUntil = Number.POSITIVE_INFINITY;
  readonly #started = Promise.withResolvers<void>();
  #spawnError: string | null = null;
  #outputReads = 0;
  #reading = true;
  #busySince: number | null = null;
  #ranMs = Number.POSITIVE_INFINITY;
  #exit: ProcessExit | null = null;
  #onExit: ((exit: ProcessExit) => void) | null = null;
  #isChoked = false;

  constructor(options: TaskProcessOptions, clock: Clock) {
    this.#clock = clock;
    this.ready = this.#started.promise;
    this.#tempFolder = makeTempFolder(this.mark, options.uid);
    this.#child = spawnTaskProcess(options, { mark: this.mark, tempFolder: this.#tempFolder }, { xcomMaxBytes: options.xcomMaxBytes });
    this.messageMaxBytes = options.xcomMaxBytes * 2 + MESSAGE_SLACK_BYTES;
    this.#readChannel(this.messageMaxBytes);
    for (const source of ['stdout', 'stderr'] as const)
      this.#child[source]?.on('data', (bytes: Buffer) => {
        this.#outputReads += 1;
        this.#listener?.onOutput(source, bytes);
      });
    this.#watchdogPipe?.on('error', () => {});
    this.children = new ChildrenOf(this.pid);
    this.orphans = new Orphans(this.pid, this.mark, this.children);
    this.exited = this.#watchExit();
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** At most one listener at a time. What is said while nobody listens is dropped. */
  listen(listener: TaskProcessListener | null): void {
    this.#listener = listener;
  }

  /** At most one watcher at a time is told of its death, also of one that lies behind it. */
  watch(onExit: ((exit: ProcessExit) => void) | null): void {
    this.#onExit = onExit;
    if (this.#exit !== null) onExit?.(this.#exit);
  }

  /**
   * How long it was busy with what it was told to run, ms; null = it was told nothing since this was asked last. What it
   * says itself counts where that is less: on a busy machine its turns come late, which makes no body longer.
   */
  takeBusyMs(): number | null {
    const since = this.#busySince;
    this.#busySince = null;
    return since === null ? null : Math.min(this.#ranMs, this.#clock.monotonic() - since);
  }

  send(message: ToTaskProcess): void {
    if (message.type === 'run') {
      this.#busySince = this.#clock.monotonic();
      this.#ranMs = Number.POSITIVE_INFINITY;
    }
    if (this.dead) return;
    const pipe = this.#channelPipe;
    pipe?.write(`${JSON.stringify(message)}\n`);
    // It asks and asks, and reads no answers: it is not heard until it does.
    if (pipe && !this.#isChoked && pipe.writableLength > UNREAD_MAX_BYTES) {
      this.#isChoked = true;
      pipe.pause();
      pipe.once('drain', () => {
        this.#isChoked = false;
        if (this.#reading) pipe.resume();
      });
    }
  }

  /**
   * The dead-man switch: it may live this long unless told again; null = until further notice. What it was allowed
   * before stands when that ends no later, and not much earlier: a short attempt after another tells it nothing.
   */
  allow(liveMs: number | null): void {
    if (this.dead) return;
    const now = this.#clock.monotonic();
    const left = this.#allowedUntil - now;
    if (liveMs !== null && left <= liveMs && left >= liveMs * ALLOWED_AGAIN_SHARE) return;
    this.#allowedUntil = liveMs === null ? Number.POSITIVE_INFINITY : now + liveMs;
    this.#watchdogPipe?.write(liveMs === null ? 'off\n' : `${Math.max(0, Math.round(liveMs))}\n`);
  }

  /** How long it may live on by what it was told last, ms; Infinity = until further notice. */
  get allowedMs(): number {
    return this.#allowedUntil - this.#clock.monotonic();
  }

  /** Back-pressure: stops or goes on reading what it says. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    for (const stream of [this.#child.stdout, this.#child.stderr, this.#channelPipe])
      if (reading && !(this.#isChoked && stream === this.#channelPipe)) stream?.resume();
      else stream?.pause();
  }

  /**
   * Resolves when all that was printed before its last message is read. It prints into pipes without delay, so by the time
   * of a message the text lies in the kernel: a whole turn of the event loop that finds nothing has read it all.
   */
  async outputRead(): Promise<void> {
    for (let before = -1; before !== this.#outputReads && !this.dead; ) {
      // While the log's disk is behind, turns of the loop would only burn.
      while (!this.#reading && !this.dead) await this.#clock.sleep(HELD_BACK_LOOK_MS);
      before = this.#outputReads;
      // The first ends the turn that brought the message; only the second comes after another look at the pipes.
      await nextTurn();
      await nextTurn();
      // Held back in the middle of it: what was looked at may not be all.
      if (!this.#reading) before = -1;
    }
  }

  /** SIGTERM to its group, SIGKILL after the grace. Resolves when all of it is dead. */
  async terminate(graceMs: number): Promise<void> {
    if (!this.dead && graceMs > 0) {
      signalGroup(this.pid, 'SIGTERM');
      await Promise.race([this.exited, this.#clock.sleep(graceMs)]);
    }
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.pid > 0) signalGroup(this.pid, 'SIGKILL');
    // Output that nobody reads would keep the pipes open.
    this.setReading(true);
    await this.exited;
  }

  get #channelPipe(): Duplex | null {
    return this.#pipe<Duplex>(CHANNEL_FD);
  }

  get #watchdogPipe(): Writable | null {
    return this.#pipe<Writable>(WATCHDOG_FD);
  }

  /** A process that could not even get its pipes has no stdio at all. */
  #pipe<T>(fd: number): T | null {
    const stdio = this.#child.stdio as readonly unknown[] | undefined;
    return (stdio?.[fd] as T | undefined) ?? null;
  }

  #readChannel(limitChars: number): void {
    const reader = new JsonLineReader(limitChars, {
      onValue: (value) => {
        try {
          const message = parseFromTaskProcess(value);
          if (message === null) this.#listener?.onGarbledMessage();
          else if (message.type === 'ready') this.#hearReady(message.protocol);
          else {
            if (message.type === 'result') this.#ranMs = message.ranMs ?? this.#ranMs;
            this.#listener?.onMessage(message);
          }
        } catch {
          // Nested so deep that whoever walks it runs out of stack: a stranger's message must not end this process.
          this.#listener?.onGarbledMessage();
        }
      },
      onGarbage: () => this.#listener?.onGarbledMessage(),
      onOverflow: () => this.#listener?.onOversizedMessage(),
    });
    const pipe = this.#channelPipe as (Duplex & Readable) | null;
    pipe?.setEncoding('utf8');
    pipe?.on('data', (chunk: string) => reader.push(chunk));
    pipe?.on('error', () => {});
  }

  #hearReady(protocol: number): void {
    if (protocol === TASK_PROTOCOL) {
      this.#started.resolve();
      return;
    }
    this.#spawnError = `it speaks version ${protocol} of the protocol and its worker version ${TASK_PROTOCOL}: the files of Windlass were replaced while the worker ran. Restart the worker`;
    void this.kill();
  }

  async #watchExit(): Promise<ProcessExit> {
    const ended = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
    const closed = Promise.withResolvers<void>();
    this.#child.on('error', (error) => {
      if (this.#child.pid !== undefined) return;
      this.#spawnError = error.message;
      ended.resolve({ code: null, signal: null });
      closed.resolve();
    });
    this.#child.on('exit', (code, signal) => ended.resolve({ code, signal }));
    this.#child.on('close', () => closed.resolve());
    const { code, signal } = await ended.promise;
    this.dead = true;
    this.children.close();
    if (this.pid > 0) {
      signalGroup(this.pid, 'SIGKILL');
      await killMarked(this.mark);
    }
    await Promise.race([closed.promise, this.#clock.sleep(PIPES_CLOSE_MS)]);
    for (const stream of this.#child.stdio ?? []) stream?.destroy();
    await removeTempFolder(this.#tempFolder);
    this.#exit = { code, signal, spawnError: this.#spawnError };
    this.#onExit?.(this.#exit);
    return this.#exit;
  }
}
