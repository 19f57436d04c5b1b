/** The processes of one system: started with their output in a file each, ended together. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';

const STOP_DEADLINE_MS = 20_000;

export class ProcessGroup {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #children: ChildProcess[] = [];
  /** The first that ended by itself. */
  #ended: string | null = null;
  #isStopping = false;

  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** Runs one command to its end; throws with its output when it fails. */
  run(program: string, args: readonly string[]): string {
    return execFileSync(program, [...args], {
      env: this.#environment,
      cwd: this.#folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Starts one that stays. It leads a process group of its own, so that nothing of it outlives `stop`. */
  start(name: string, program: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.#folder, `${name}.log`), 'a');
    const child = spawn(program, [...args], { env: this.#environment, cwd: this.#folder, detached: true, stdio: ['ignore', log, log] });
    this.#children.push(child);
    child.once('exit', (code, signal) => {
      if (!this.#isStopping) this.#ended ??= `${name} ended (${signal ?? code}); see ${this.#folder}/${name}.log`;
    });
    // Whoever ends us in the middle ends them, too: they lead groups of their own.
    process.once('exit', () => signalGroup(child, 'SIGKILL'));
    return child;
  }

  /** Throws when one of them has ended by itself: what is waited for will never come. */
  requireAlive(): void {
    if (this.#ended !== null) throw new Error(this.#ended);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const alive = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = Promise.all(alive.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))));
    for (const child of alive) signalGroup(child, 'SIGTERM');
    await Promise.race([gone, systemClock.sleep(STOP_DEADLINE_MS)]);
    for (const child of this.#children) signalGroup(child, 'SIGKILL');
  }
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // Its group is gone.
  }
}
