/** Runs a command in bash, in a process group of its own, and hands on its output line by line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface ShellOptions {
  readonly command: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default true. */
  readonly inheritsEnv?: boolean;
  /** Default utf8. */
  readonly encoding?: BufferEncoding;
  readonly cwd?: string | undefined;
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface ShellOutcome {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line of stdout that is not empty; null = it printed nothing. */
  readonly lastLine: string | null;
}

/** Between SIGTERM and SIGKILL after an abort. */
const GRACE_MS = 3_000;

/** Resolves when the command and its output have ended. Rejects when bash or the folder is missing, or on abort. */
export async function runShell(options: ShellOptions): Promise<ShellOutcome> {
  const { command, env, cwd, signal, onLine, inheritsEnv = true, encoding = 'utf8' } = options;
  signal.throwIfAborted();
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: { ...(inheritsEnv ? process.env : ownMarks()), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that an abort reaches everything the command started.
    detached: true,
  });
  child.stdout.setEncoding(encoding);
  child.stderr.setEncoding(encoding);
  let lastLine: string | null = null;
  const outputs = [
    readLines(child.stdout, (line) => {
      if (line.trim() !== '') lastLine = line;
      onLine(line, 'stdout');
    }),
    readLines(child.stderr, (line) => onLine(line, 'stderr')),
  ];
  const abort = () => {
    killGroup(child.pid, 'SIGTERM');
    setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS).unref();
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const ended = await new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', (cause) => reject(cannotStart(cause, cwd)));
      child.once('exit', (exitCode, killedBy) => resolve({ exitCode, signal: killedBy }));
    });
    // What the command left in the background must not outlive the task, nor keep the pipes open.
    killGroup(child.pid, 'SIGKILL');
    signal.throwIfAborted();
    await Promise.all(outputs);
    return { ...ended, lastLine };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The supervisor finds what is left of a task by a mark in the environment: that is inherited always. */
function ownMarks(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('WINDLASS_')));
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) onLine(line);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

function cannotStart(cause: Error, cwd: string | undefined): Error {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const hint = missing
    ? cwd === undefined
      ? 'bash is not installed on this worker'
      : `bash, or the folder ${cwd}, does not exist on this worker`
    : cause.message;
  return new Error(`The command could not be started: ${hint}.`, { cause });
}
