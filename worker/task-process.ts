/**
 * The supervisor's handle on one task process: messages, output, the dead-man switch, and its death. Knows
 * nothing of attempts; whoever holds it listens.
 */
import type { ChildProcess } from 'node:child_process';
import type { Duplex, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type FromTaskProcess,
  type ReadyMessage,
  type ResultMessage,
  type RunMessage,
  TASK_PROTOCOL,
  type ToTaskProcess,
} from '#core/task-protocol.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { ChildrenOf } from './children-of.ts';
import { type Follower, Hand } from './hand.ts';
import { type Bundle, LoadedBundles } from './loaded-bundles.ts';
import { Orphans } from './orphans.ts';
import { killMarked, signalGroup } from './process-tree.ts';
import { readMessages } from './read-messages.ts';
import { CHANNEL_FD, WATCHDOG_FD } from './task-process/settings.ts';
import { spawnTaskProcess, type TaskProcessOptions } from './task-process-spawn.ts';
import { makeTempFolder, removeTempFolder } from './temp-folders.ts';

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
/** A process that does not say in time what it has begun stands still. */
export const BEGUN_HEARD_MS = 1_000;
/** After its death, output may still lie in the pipes. */
const PIPES_CLOSE_MS = 1_000;
/** Somebody who escaped may print for ever. */
const LAST_LOOKS_MAX = 200;

export class TaskProcess {
  readonly mark = newId();
  /** Resolves when it is dead, its output read and what it left behind is killed. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when it has started and its dead-man switch is armed. Never, if it dies before. */
  readonly ready: Promise<void>;
  readonly bundles: LoadedBundles;
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
  readonly #hand: Hand;
  /** The attempt whose body it runs. */
  #running: string | null = null;
  #listener: TaskProcessListener | null = null;
  #allowedUntil = Number.POSITIVE_INFINITY;
  readonly #started = Promise.withResolvers<void>();
  #spawnError: string | null = null;
  /** Pieces that were read of what it prints and says. */
  #reads = 0;
  #reading = true;
  #busySince: number | null = null;
  #ranMs = Number.POSITIVE_INFINITY;
  #exit: ProcessExit | null = null;
  #onExit: ((exit: ProcessExit) => void) | null = null;
  #isChoked = false;

  constructor(options: TaskProcessOptions, clock: Clock) {
    this.#clock = clock;
    this.bundles = new LoadedBundles(clock);
    this.ready = this.#started.promise;
    this.#tempFolder = makeTempFolder(this.mark, options.uid);
    this.#hand = new Hand(this.#tempFolder);
    this.#child = this.#spawn(options);
    this.messageMaxBytes = options.xcomMaxBytes * 2 + MESSAGE_SLACK_BYTES;
    this.#readChannel(this.messageMaxBytes);
    for (const source of ['stdout', 'stderr'] as const)
      this.#child[source]?.on('data', (bytes: Buffer) => {
        this.#reads += 1;
        this.#listener?.onOutput(source, bytes);
      });
    this.#watchdogPipe?.on('error', () => {});
    this.children = new ChildrenOf(this.pid);
    this.orphans = new Orphans(this.pid, this.mark, this.children);
    this.exited = this.#watchExit();
  }

  /** Throws when the system refuses at once. */
  #spawn(options: TaskProcessOptions): ChildProcess {
    const own = { mark: this.mark, tempFolder: this.#tempFolder, handFd: this.#hand.fd };
    try {
      return spawnTaskProcess(options, own, { xcomMaxBytes: options.xcomMaxBytes });
    } catch (error) {
      this.#hand.close();
      throw error;
    }
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

  /** Since its last body began, ms; 0 = none runs. */
  get runningMs(): number {
    return this.#running === null || this.#busySince === null ? 0 : this.#clock.monotonic() - this.#busySince;
  }

  /** Attempts that stand behind the one it runs. */
  get followers(): number {
    return this.#hand.size;
  }

  /** Resolves with whether it takes attempts of the bundle from now on. One that does not say is killed. */
  async load(bundle: Bundle): Promise<boolean> {
    const takes = await this.bundles.load(bundle, (message) => this.#write(message), this.exited);
    if (takes === null) await this.kill();
    return takes === true;
  }

  send(message: ToTaskProcess): void {
    if (message.type === 'run') this.#begins(message.context.attemptId);
    this.#write(message);
  }

  /**
   * Gives it an attempt that it begins when the one before has ended, without another word from here. The follower's `begin`
   * is called then, or its `dismiss`, when it was taken back. False = it cannot stand there.
   */
  follow(message: RunMessage, bundle: Bundle, follower: Follower): boolean {
    if (this.dead || this.#running === null) return false;
    const begin = () => {
      this.bundles.enter(bundle.hash);
      this.#begins(message.context.attemptId);
      follower.begin();
    };
    const turn = this.#hand.add({ ...follower, begin });
    if (turn === null) return false;
    this.runs += 1;
    // It may begin unseen: the dead-man switch goes by whose lease ends first.
    if (this.allowedMs > follower.liveMs()) this.#allowAnew(follower.liveMs());
    this.bundles.expect(bundle.hash);
    this.#write({ ...message, turn, bundle: { bundleFile: bundle.file, bundleHash: bundle.hash } });
    return true;
  }

  /**
   * An attempt ends otherwise than by its result. Resolves with true when its body had ended before, and the process runs the next
   * one already: it is not this attempt's any more.
   */
  async hasPassedOn(attemptId: string): Promise<boolean> {
    this.takeBack();
    for (const until = this.#clock.monotonic() + BEGUN_HEARD_MS; this.#hand.size > 0 && !this.dead; )
      if (this.#clock.monotonic() > until) break;
      else await this.#clock.sleep(1);
    return this.#running !== null && this.#running !== attemptId;
  }

  /** Takes back all that stand behind the attempt it runs and have not begun. */
  takeBack(): void {
    this.#hand.takeBack();
  }

  #begins(attemptId: string): void {
    this.#running = attemptId;
    this.#busySince = this.#clock.monotonic();
    this.#ranMs = Number.POSITIVE_INFINITY;
  }

  #write(message: ToTaskProcess): void {
    if (this.dead) return;
    const pipe = this.#channelPipe;
    if (message.type === 'run' && pipe !== null && pipe.writableCorked === 0) {
      // What is dealt at the same moment wakes it once.
      pipe.cork();
      process.nextTick(() => pipe.uncork());
    }
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
  allow(mostMs: number | null): void {
    if (this.dead) return;
    const liveMs = mostMs === null ? null : this.#hand.atMost(mostMs);
    const left = this.#allowedUntil - this.#clock.monotonic();
    if (liveMs !== null && left <= liveMs && left >= liveMs * ALLOWED_AGAIN_SHARE) return;
    this.#allowAnew(liveMs);
  }

  #allowAnew(liveMs: number | null): void {
    this.#allowedUntil = liveMs === null ? Number.POSITIVE_INFINITY : this.#clock.monotonic() + liveMs;
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
    for (let before = -1; before !== this.#reads && !this.dead; ) {
      // While the log's disk is behind, turns of the loop would only burn.
      while (!this.#reading && !this.dead) await this.#clock.sleep(HELD_BACK_LOOK_MS);
      before = this.#reads;
      // The first ends the turn that brought the message; only the second comes after another look at the pipes.
      await nextTurn();
      await nextTurn();
      // Held back in the middle of it: what was looked at may not be all.
      if (!this.#reading) before = -1;
    }
  }

  /** Its pipes are held open by somebody who escaped, or this process was kept from reading them: then its result lies there. */
  async #lastWordsRead(): Promise<void> {
    for (let looks = 0, before = -1; before !== this.#reads && looks < LAST_LOOKS_MAX; looks++) {
      before = this.#reads;
      await nextTurn();
      await nextTurn();
    }
  }

  /** SIGTERM to its group, SIGKILL after the grace. Resolves when all of it is dead. */
  async terminate(graceMs: number): Promise<void> {
    this.takeBack();
    if (!this.dead && graceMs > 0) {
      signalGroup(this.pid, 'SIGTERM');
      await Promise.race([this.exited, this.#clock.sleep(graceMs)]);
    }
    await this.kill();
  }

  async kill(): Promise<void> {
    this.takeBack();
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
    readMessages(this.#channelPipe, limitChars, {
      onPiece: () => {
        this.#reads += 1;
      },
      onMessage: (message) => {
        if (message.type === 'ready') this.#hearReady(message);
        else if (message.type === 'result') this.#hearResult(message);
        else this.#listener?.onMessage(message);
      },
      onGarbled: () => this.#listener?.onGarbledMessage(),
      onOversized: () => this.#listener?.onOversizedMessage(),
    });
  }

  /** The first one that is about the body it runs counts; what an earlier body says late is about none. */
  #hearResult(message: ResultMessage): void {
    if (message.attemptId !== this.#running) return;
    this.#running = null;
    this.#ranMs = message.ranMs ?? this.#ranMs;
    if (message.stays === true) this.bundles.stay();
    const { next, ...alone } = message;
    if (next !== undefined && this.#hand.isNext(next)) {
      this.#listener?.onMessage(message);
      this.#hand.advance();
      return;
    }
    this.takeBack();
    // It has begun what it does not speak of: whoever runs there is unknown.
    const isUnknown = next !== undefined || this.#hand.size > 0;
    this.#listener?.onMessage(alone);
    if (isUnknown) void this.kill();
  }

  #hearReady({ bundleHash, protocol }: ReadyMessage): void {
    if (protocol === TASK_PROTOCOL) {
      this.#started.resolve();
      if (bundleHash !== null) this.bundles.hear(bundleHash);
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
    // Before anybody hears of the end: those that had not begun go on elsewhere.
    this.takeBack();
    this.children.close();
    if (this.pid > 0) {
      signalGroup(this.pid, 'SIGKILL');
      await killMarked(this.mark);
    }
    await Promise.race([closed.promise, this.#clock.sleep(PIPES_CLOSE_MS).then(() => this.#lastWordsRead())]);
    for (const stream of this.#child.stdio ?? []) stream?.destroy();
    await removeTempFolder(this.#tempFolder);
    this.#exit = { code, signal, spawnError: this.#spawnError };
    this.#onExit?.(this.#exit);
    // It had taken these already; who watches it now is told at once.
    while (this.#hand.size > 0) this.#hand.advance();
    this.#hand.close();
    return this.#exit;
  }
}
