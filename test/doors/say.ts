/** The command line in this process: what it prints and its exit code, many a second. */
import { vi } from 'vitest';
import { main } from '../../cli/main.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a program that has the process to itself listens for until it ends. */
const LISTENED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect', 'warning', 'unhandledRejection'] as const;

/** Runs one command line with the environment given and nothing else of ours. One at a time. */
export async function say(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Said> {
  const before = process.env;
  const out: string[] = [];
  const err: string[] = [];
  const listen = (stream: NodeJS.WriteStream, into: string[]) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      into.push(String(text));
      return true;
    });
  const spies = [listen(process.stdout, out), listen(process.stderr, err)];
  const listeners = LISTENED.map((name) => [name, new Set(process.listeners(name as 'warning'))] as const);
  const clean = Object.entries(before).filter(([name]) => !/^(WINDLASS_|DATABASE_URL|REDIS_URL)/.test(name));
  process.env = { ...Object.fromEntries(clean), NO_COLOR: '1', ...environment };
  try {
    const code = await main(args);
    return { code, stdout: out.join(''), stderr: err.join('') };
  } finally {
    process.env = before;
    for (const [name, known] of listeners)
      for (const listener of process.listeners(name as 'warning')) if (!known.has(listener)) process.removeListener(name, listener);
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

/** Never in an answer to bad input. */
export const SECRETS = /hunter2|s3cret/;
export const STACK = /\n\s+at \S/;
