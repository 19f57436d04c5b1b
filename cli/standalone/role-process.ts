/**
 * One role of standalone as a child process. Its secrets travel through a pipe, its log goes to a file and its
 * warnings to the terminal; when it crashes it is started again, later each time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { ROLE_NODE_FLAGS } from '../node-flags.ts';
import type { RoleName, RoleReady } from '../run-role.ts';
import type { RoleLog } from './role-log.ts';

export interface RoleProcessOptions {
  readonly role: RoleName;
  readonly flags?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly log: RoleLog;
  readonly clock: Clock;
  /** Time for a clean stop before SIGKILL. */
  readonly stopLimitMs: number;
}

const BIN = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
const CONFIG_FD = 4;
const CLEAN_END = 'exit code 0';
const BACK_OFF_MIN_MS = 500;
const BACK_OFF_MAX_MS = 30_000;
/** A process that lived this long is healthy: its next crash is the first again. */
const HEALTHY_MS = 60_000;

export class RoleProcess {
  readonly #options: RoleProcessOptions;
  #child: ChildProcess | null = null;
  #stopping = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #backOffMs = BACK_OFF_MIN_MS;
  /** Where it serves, once it said so. */
  url: string | null = null;

  constructor(options: RoleProcessOptions) {
    this.#options = options;
  }

  get role(): RoleName {
    return this.#options.role;
  }

  /** Resolves when the role is ready. Rejects when it ends before, on this first start; later it is restarted. */
  async start(): Promise<void> {
    const started = Promise.withResolvers<void>();
    this.#ended = this.#keepRunning(started);
    await started.promise;
  }

  /** SIGTERM, then SIGKILL after the limit. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child === null) return this.#ended;
    child.kill('SIGTERM');
    const deadline = new AbortController();
    const timely = await Promise.race([
      this.#ended.then(() => true),
      this.#options.clock.sleep(this.#options.stopLimitMs, deadline.signal).then(() => false),
    ]);
    deadline.abort();
    if (!timely) {
      this.#options.log.say('warn', `did not stop within ${this.#options.stopLimitMs} ms and is ended`);
      child.kill('SIGKILL');
    }
    return this.#ended;
  }

  async #keepRunning(first: PromiseWithResolvers<void>): Promise<void> {
    const { clock, log, role } = this.#options;
    for (let isFirst = true; !this.#stopping.signal.aborted; isFirst = false) {
      const startedAt = clock.monotonic();
      const end = await this.#runOnce(first.resolve);
      if (this.#stopping.signal.aborted) break;
      if (isFirst && !end.wasReady) {
        const said = log.lastProblem();
        first.reject(new AppError('INTERNAL', `The ${role} did not start (${end.how})${said ? `: ${said}` : ''}. Its log is ${log.path}.`));
        return;
      }
      if (clock.monotonic() - startedAt > HEALTHY_MS) this.#backOffMs = BACK_OFF_MIN_MS;
      const again = `it is started again in ${this.#backOffMs / 1000} s. Its log is ${log.path}`;
      // A worker that an operator stopped on the monitor ends cleanly; here it comes back fresh.
      if (end.how === CLEAN_END) log.say('warn', `has stopped, as somebody asked it to; ${again}`);
      else log.say('error', `ended unexpectedly (${end.how}); ${again}`);
      await clock.sleep(this.#backOffMs, this.#stopping.signal);
      this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MAX_MS);
    }
    first.reject(new AppError('INTERNAL', `The ${role} was stopped while it started.`));
  }

  #runOnce(onReady: () => void): Promise<{ wasReady: boolean; how: string }> {
    const { role, environment, secrets, log } = this.#options;
    const child = spawn(process.execPath, [...ROLE_NODE_FLAGS, BIN, role, ...(this.#options.flags ?? [])], {
      env: { ...environment, WINDLASS_CONFIG_FD: String(CONFIG_FD), WINDLASS_LOG_FORMAT: 'json' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      detached: true, // Ctrl-C at the terminal reaches standalone alone, which stops its parts in order
    });
    this.#child = child;
    const pipe = child.stdio[CONFIG_FD] as NodeJS.WritableStream;
    pipe.on('error', () => {}); // it ended before it read
    pipe.end(JSON.stringify(secrets));
    log.follow(child.stdout);
    log.follow(child.stderr);
    let wasReady = false;
    child.on('message', (message) => {
      const ready = message as RoleReady;
      if (ready.type !== 'ready') return;
      wasReady = true;
      this.url = ready.url;
      onReady();
    });
    return new Promise((resolve) => {
      let over = false;
      const end = (how: string) => {
        if (over) return;
        over = true;
        this.#child = null;
        resolve({ wasReady, how });
      };
      child.once('error', (error) => end(error.message));
      child.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  }
}
