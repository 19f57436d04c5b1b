/**
 * One process that runs strangers' code, and the pipe to it. Node's own IPC is not used: it buffers a message of
 * any size in the parent, so one file could take the scheduler's memory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import { JsonLineReader } from '#core/json-lines.ts';
import { CHANNEL_FD } from '#core/plugin-protocol.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import { memoryCeilingBytes, residentBytes } from '#platform/resident-memory.ts';
import { type Cage, cageEnvironment, cageFlags } from './cage.ts';

export interface CagedProcessOptions extends Cage {
  /** Absolute path of the child's main file. */
  readonly script: string;
  /** A longer message is not read. */
  readonly messageCharsMax: number;
  readonly onMessage: (message: unknown) => void;
  readonly onOverflow: () => void;
  /** It holds far more memory than its heap may: buffers, or worse. Called until it is killed. */
  readonly onBloat: (usedBytes: number) => void;
  readonly clock: Clock;
  /** What it printed, on either stream. */
  readonly onOutput: (chunk: Buffer) => void;
  /**
   * The kernel ends it after so much processor time. For when we are killed: an endless loop never notices that its
   * pipe has closed. Null for a process that lives long.
   */
  readonly cpuSecondsMax: number | null;
  /** Once, when it has ended and all it said was heard. */
  readonly onEnd: (end: ProcessEnd) => void;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It could not be started at all. */
  readonly startError: string | null;
}

const MEMORY_CHECK_MS = 200;

export class CagedProcess {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  #memoryCheck: Timer | null = null;
  #ended = false;

  constructor(options: CagedProcessOptions) {
    const command = [process.execPath, ...cageFlags(options), options.script];
    const [program, ...args] = options.cpuSecondsMax === null ? command : withCpuLimit(options.cpuSecondsMax, command);
    this.#child = spawn(program as string, args, {
      cwd: tmpdir(),
      env: cageEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', options.onOutput);
    this.#channel = this.#child.stdio[CHANNEL_FD] as Duplex;
    const reader = new JsonLineReader(options.messageCharsMax, {
      onValue: options.onMessage,
      onGarbage: () => {},
      onOverflow: options.onOverflow,
    });
    this.#channel.setEncoding('utf8');
    this.#channel.on('data', (chunk: string) => reader.push(chunk));
    // It may die at any moment; how it ended is told by `onEnd`.
    this.#channel.on('error', () => {});
    const end = (found: ProcessEnd) => {
      if (this.#ended) return;
      this.#ended = true;
      this.#memoryCheck?.cancel();
      options.onEnd(found);
    };
    this.#child.once('error', (error) => end({ code: null, signal: null, startError: error.message }));
    this.#child.once('close', (code, signal) => end({ code, signal, startError: null }));
    this.#watchMemory(options);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return !this.#ended && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  send(message: object): void {
    if (this.#channel.writable) this.#channel.write(`${JSON.stringify(message)}\n`);
  }

  /** A look costs one small read of /proc. */
  #watchMemory(options: Pick<CagedProcessOptions, 'clock' | 'memoryMb' | 'onBloat'>): void {
    if (this.#ended || this.pid === undefined) return;
    this.#memoryCheck = options.clock.after(MEMORY_CHECK_MS, () => {
      const usedBytes = residentBytes(this.pid as number) ?? 0;
      if (usedBytes > memoryCeilingBytes(options.memoryMb)) options.onBloat(usedBytes);
      this.#watchMemory(options);
    });
  }

  /** Ends it and everything it started. `onEnd` follows. */
  kill(): void {
    try {
      process.kill(-(this.#child.pid as number), 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }
}

/** The shell sets the limit and becomes the program: the same process, with the same pipes. */
function withCpuLimit(seconds: number, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', 'ulimit -t "$1" && shift && unset PWD OLDPWD && exec "$@"', 'windlass-cage', String(seconds), ...command];
}
