/** How a task process is started: its command line, its environment, its limits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '#platform/config/find-on-path.ts';
import { taskEnvironment } from '#platform/config/task-environment.ts';
import { privateFolder } from '#platform/private-folder.ts';
import { MARK_VARIABLE } from './process-tree.ts';
import type { TaskProcessSettings } from './task-process/settings.ts';

const ENTRY = fileURLToPath(new URL('./task-process/main.ts', import.meta.url));

export interface TaskProcessOptions {
  readonly memoryMb: number;
  /** Numeric user of task processes, or null for the worker's own. Needs a worker that runs as root. */
  readonly uid: number | null;
  readonly xcomMaxBytes: number;
  readonly openFilesMax: number;
}

/**
 * Starts one. It leads a process group of its own, dies with its supervisor (where the system offers that),
 * may not gain privileges, and has stdin closed, stdout, stderr, the channel (3), the watchdog's pipe (4) and the tokens of its hand (5).
 */
export function spawnTaskProcess(
  options: TaskProcessOptions,
  { mark, tempFolder, handFd }: { readonly mark: string; readonly tempFolder: string; readonly handFd: number },
  settings: TaskProcessSettings,
): ChildProcess {
  const nodeArguments = [
    `--max-old-space-size=${options.memoryMb}`,
    '--disable-proto=delete',
    '--enable-source-maps',
    '--disable-warning=ExperimentalWarning',
    ENTRY,
    JSON.stringify(settings),
  ];
  const [program = process.execPath, ...before] = [...limitCommand(options.openFilesMax), ...cageCommand(), process.execPath];
  return spawn(program, [...before, ...nodeArguments], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', handFd],
    env: { ...taskEnvironment(), TMPDIR: tempFolder, NODE_COMPILE_CACHE: compileCacheFolder(options.uid), [MARK_VARIABLE]: mark },
    ...(options.uid === null ? {} : { uid: options.uid, gid: options.uid }),
  });
}

/** prlimit (util-linux): as many open files, and no image of its memory on the disk when it crashes. */
function limitCommand(openFilesMax: number): readonly string[] {
  prlimit ??= (process.platform === 'linux' && findOnPath(['prlimit'])) || null;
  return prlimit === null ? [] : [prlimit, `--nofile=${openFilesMax}`, '--core=0', '--'];
}

let prlimit: string | null | undefined;
let cage: readonly string[] | undefined;

/** setpriv (util-linux) kills the child when the supervisor dies, also while its main thread is blocked. */
function cageCommand(): readonly string[] {
  if (cage === undefined) {
    const setpriv = process.platform === 'linux' ? findOnPath(['setpriv']) : undefined;
    cage = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--no-new-privs', '--'];
  }
  return cage;
}

const prepared = new Map<number | null, string>();

/** Task processes share a compile cache that the supervisor never reads: they could write anything into it. */
function compileCacheFolder(uid: number | null): string {
  const known = prepared.get(uid);
  if (known !== undefined) return known;
  const folder = join(privateFolder('compile-cache'), String(uid ?? 'own'));
  mkdirSync(folder, { recursive: true });
  if (uid !== null) chownSync(folder, uid, uid);
  prepared.set(uid, folder);
  return folder;
}
