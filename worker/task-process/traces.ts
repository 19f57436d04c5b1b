/**
 * Whether a body did what its supervisor has to look at before another begins in this process: started a process or a thread, or
 * printed, also past the streams of the process.
 */
import childProcess from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Announced by Node itself. */
const STARTS = ['child_process', 'worker_threads'];
/** Not announced: these have ended when they return, but what they started may live on, and may have printed. */
const SYNC_STARTS = ['spawnSync', 'execSync', 'execFileSync'];
const WRITES = ['write', 'writeSync', 'writev', 'writevSync'];
const OUTPUTS: ReadonlySet<unknown> = new Set([process.stdout.fd, process.stderr.fd]);

type Calls = Record<string, (...given: unknown[]) => unknown>;

// Held from the start: a body may replace it.
const { has } = Set.prototype;

export class Traces {
  #isLeft = false;

  constructor() {
    const leave = () => {
      this.#isLeft = true;
    };
    for (const what of STARTS) subscribe(what, leave);
    for (const name of SYNC_STARTS) notice(childProcess as unknown as Calls, name, leave);
    for (const name of WRITES) notice(fs as unknown as Calls, name, (fd) => has.call(OUTPUTS, fd) && leave());
    // For those who import the functions by name.
    syncBuiltinESMExports();
  }

  get areLeft(): boolean {
    return this.#isLeft;
  }

  forget(): void {
    this.#isLeft = false;
  }
}

/** The function stays what it is to others, with all that hangs on it. */
function notice(module: Calls, name: string, hear: (first: unknown) => void): void {
  const real = module[name] as Calls[string];
  const { apply } = Reflect;
  const noticed = function (this: unknown, ...given: unknown[]): unknown {
    hear(given[0]);
    return apply(real, this, given);
  };
  module[name] = Object.defineProperties(noticed, Object.getOwnPropertyDescriptors(real));
}
