/**
 * One Windlass a data folder. The lock is a file made by one atomic `link`; it names its holder by host, pid
 * and start time, and the holder touches it now and then, so that a lock left behind by a crash, by a reboot
 * or in another container is known for what it is.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { type Clock, newSecret } from '#platform/clock.ts';
import { processStart } from './process-identity.ts';

export interface InstanceLock {
  /** Idempotent. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly host: string;
}

const TOUCH_EVERY_MS = 5_000;
/** A lock of another host (or container) whose holder did not touch it for this long is left over. */
const FOREIGN_STALE_MS = 30_000;
const TRIES = 10;

/** Throws ALREADY_RUNNING, naming the holder, when another living Windlass has the folder. Makes the folder. */
export function lockDataFolder(folder: string, clock: Clock): InstanceLock {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = join(folder, 'windlass.lock');
  const mine = `${path}.${process.pid}-${newSecret(6)}`;
  const me: Holder = { pid: process.pid, start: processStart(process.pid) ?? '', host: hostname() };
  writeFileSync(mine, JSON.stringify(me));
  try {
    for (let attempt = 1; ; attempt++) {
      if (tryLink(mine, path)) break;
      const text = readText(path);
      if (text === undefined) continue; // released this moment
      refuseLiving(text, path, folder, clock);
      setAside(path, text, mine);
      if (attempt === TRIES) throw new AppError('ALREADY_RUNNING', `Another Windlass is starting in ${folder} right now. Wait for it.`);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return keep(path, JSON.stringify(me), clock);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function refuseLiving(text: string, path: string, folder: string, clock: Clock): void {
  const holder = parseHolder(text);
  if (holder === undefined) return;
  const untouchedMs = clock.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const isHere = holder.host === hostname();
  const lives = isHere ? processStart(holder.pid) === holder.start : untouchedMs < FOREIGN_STALE_MS;
  if (!lives) return;
  throw new AppError(
    'ALREADY_RUNNING',
    `Windlass runs already: process ${holder.pid}${isHere ? '' : ` on ${holder.host}`} uses the data folder ${folder}. ` +
      `Use that one, stop it (${isHere ? `kill ${holder.pid}` : 'there'}), or start this one with WINDLASS_DATA_FOLDER, WINDLASS_WEB_PORT and WINDLASS_MONITOR_PORT of its own.`,
    { pid: holder.pid, folder },
  );
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : undefined;
  } catch {
    return undefined; // torn by a crash of the machine
  }
}

/** Moves a stale lock away. When somebody replaced it meanwhile, theirs is put back. */
function setAside(path: string, stale: string, mine: string): void {
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else was faster
  }
  if (readText(aside) !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function keep(path: string, text: string, clock: Clock): InstanceLock {
  const stopped = new AbortController();
  const touch = async () => {
    while (await clock.sleep(TOUCH_EVERY_MS, stopped.signal)) {
      try {
        const now = new Date(clock.now());
        utimesSync(path, now, now);
      } catch {
        // the folder was removed under us; others will say so
      }
    }
  };
  void touch();
  return {
    release() {
      if (stopped.signal.aborted) return;
      stopped.abort();
      if (readText(path) === text) rmSync(path, { force: true });
    },
  };
}
