/**
 * One process of the cluster, behind links of its own to Postgres and Redis. It is started by the command line a user
 * has, and started again when it ends, as a service manager does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { FaultProxy } from '#test/support/fault-proxy.ts';
import { BIN, processesOf } from '#test/support/process-tree.ts';
import { ROLE_NODE_FLAGS } from '../../cli/node-flags.ts';
import type { Servers } from './servers.ts';

export type Role = 'scheduler' | 'worker' | 'triggerer' | 'webserver' | 'monitor';
export type LinkName = 'postgres' | 'redis';

export interface MemberOptions {
  /** "worker-2" */
  readonly name: string;
  readonly role: Role;
  readonly servers: Servers;
  readonly database: string;
  /** Where it is started, and its log is. */
  readonly folder: string;
  /** Settings all processes share. */
  readonly environment: Readonly<Record<string, string>>;
  /** Flags of Node before the command. */
  readonly nodeFlags: readonly string[];
}

/** Until a process that ended is started again. */
const RESTART_MS = 300;
const STOP_DEADLINE_MS = 25_000;

export class Member {
  readonly name: string;
  readonly role: Role;
  readonly links: Readonly<Record<LinkName, FaultProxy>>;
  /** Where it serves; empty while it does not. */
  url = '';
  /** Ends that nobody asked for, after it had been ready: each is a fault of ours. */
  readonly unaskedEnds: string[] = [];
  starts = 0;
  readonly #options: MemberOptions;
  #child: ChildProcess | null = null;
  #isWanted = false;
  #isReady = false;
  #isAsked = false;
  #isFrozen = false;

  private constructor(options: MemberOptions, links: Readonly<Record<LinkName, FaultProxy>>) {
    this.name = options.name;
    this.role = options.role;
    this.links = links;
    this.#options = options;
  }

  static async open(options: MemberOptions): Promise<Member> {
    const [postgres, redis] = await Promise.all([
      FaultProxy.open(options.servers.postgresPort),
      FaultProxy.open(options.servers.redisPort),
    ]);
    return new Member(options, { postgres, redis });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Ids of all processes below it: task processes, importers. */
  get descendants(): readonly number[] {
    try {
      return this.pid === null ? [] : processesOf(this.pid);
    } catch {
      return []; // it ended just now
    }
  }

  start(): void {
    this.#isWanted = true;
    this.#spawn();
  }

  #spawn(): void {
    const { servers, database, folder, environment, nodeFlags, role } = this.#options;
    this.starts += 1;
    this.#isReady = false;
    this.#isAsked = false;
    this.#isFrozen = false;
    const log = openSync(join(folder, `${this.name}.log`), 'a');
    const child = spawn(process.execPath, [...ROLE_NODE_FLAGS, ...nodeFlags, BIN, role], {
      cwd: folder,
      env: {
        ...environment,
        CHAOS_CLOCK: this.#clockFile,
        DATABASE_URL: servers.databaseUrl(database, this.links.postgres.port),
        REDIS_URL: servers.redisUrl(this.links.redis.port),
      },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    child.on('error', () => {}); // its end says the same
    child.on('message', (message: { type?: string; url?: string | null }) => {
      if (message?.type !== 'ready') return;
      this.#isReady = true;
      this.url = message.url ?? '';
    });
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      if (this.#isReady && !this.#isAsked) this.unaskedEnds.push(`${this.name} ended by itself with ${signal ?? `code ${code}`}`);
      this.#child = null;
      this.#isReady = false;
      this.url = '';
      if (this.#isWanted) void systemClock.sleep(RESTART_MS).then(() => this.#isWanted && this.#child === null && this.#spawn());
    });
  }

  /** Its wall clock is so far off from now on. Returns false when there is no process. */
  setClock(offMs: number): boolean {
    writeFileSync(this.#clockFile, String(offMs));
    // One that has not started yet knows no such signal.
    return this.#isReady && (this.#child?.kill('SIGUSR2') ?? false);
  }

  get #clockFile(): string {
    return join(this.#options.folder, `${this.name}.clock`);
  }

  /** Returns false when there is nothing to be signalled. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): boolean {
    if (this.#child === null) return false;
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#isAsked = true;
    if (signal === 'SIGSTOP') this.#isFrozen = true;
    if (signal === 'SIGCONT') this.#isFrozen = false;
    return this.#child.kill(signal);
  }

  /** Its ways are good again, and it is not frozen. */
  heal(): void {
    for (const link of Object.values(this.links)) link.heal();
    if (this.#isFrozen) this.signal('SIGCONT');
  }

  /** At once, with all below it; it is not started again. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    const below = this.descendants;
    if (child !== null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await gone;
    }
    for (const pid of below) killIfThere(pid);
    await Promise.all([this.links.postgres.close(), this.links.redis.close()]);
  }

  /** Ends it, gently first; it is not started again. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child !== null) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      this.signal('SIGCONT');
      this.signal('SIGTERM');
      await Promise.race([gone, systemClock.sleep(STOP_DEADLINE_MS)]);
      if (child.exitCode === null && child.signalCode === null) {
        this.unaskedEnds.push(`${this.name} did not stop within ${STOP_DEADLINE_MS / 1000} s`);
        child.kill('SIGKILL');
        await gone;
      }
    }
    await Promise.all([this.links.postgres.close(), this.links.redis.close()]);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with its parent.
  }
}
