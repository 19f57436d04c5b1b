/** Runs a Singer tap and a target: what the tap writes goes to the target, and the state that the target confirms is kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { writeWhole } from '../files/whole-file.ts';
import { countMessages, type SingerCounts } from './count-messages.ts';

export interface SingerProgram {
  /** The program and its arguments, without those that Singer gives: ["tap-github"]. No shell reads them. */
  readonly command: readonly string[];
  /** Becomes the file of `--config`. Take secrets from `ctx.conn` in a function: `config: async (ctx) => …`. */
  readonly config?: object | ((ctx: Ctx<unknown>) => object | Promise<object>);
  readonly env?: Readonly<Record<string, string>>;
}

export interface SingerOptions {
  readonly tap: SingerProgram & {
    /** Becomes the file of `--catalog` (or `--properties`, which older taps want). */
    readonly catalog?: object;
    readonly catalogOption?: '--catalog' | '--properties';
  };
  readonly target: SingerProgram;
  /** A file for the state, on the workers' disk or one they share: the next run goes on from there. */
  readonly stateFile: string;
}

export interface SingerResult extends SingerCounts {
  readonly state: unknown;
}

/** Between SIGTERM and SIGKILL after an abort. */
const GRACE_MS = 5_000;

/** The body of a task: `task('github', singer({ tap: { command: ['tap-github'], config }, target: { command: ['target-jsonl'] }, stateFile }))`. */
export function singer({ tap, target, stateFile }: SingerOptions): (ctx: Ctx<unknown>) => Promise<SingerResult> {
  return async (ctx) => {
    const before = await readState(stateFile);
    const folder = await mkdtemp(join(ctx.scratch, 'singer-'));
    // The files hold secrets.
    const file = async (name: string, content: unknown) => {
      const path = join(folder, name);
      await writeFile(path, JSON.stringify(content), { mode: 0o600 });
      return path;
    };
    try {
      const configOf = async (which: string, { config }: SingerProgram) =>
        config === undefined ? [] : ['--config', await file(`${which}.json`, typeof config === 'function' ? await config(ctx) : config)];
      const tapArguments = [
        ...(await configOf('tap', tap)),
        ...(tap.catalog === undefined ? [] : [tap.catalogOption ?? '--catalog', await file('catalog.json', tap.catalog)]),
        ...(before === undefined ? [] : ['--state', await file('state.json', before)]),
      ];
      const counts: { records: number; streams: Record<string, number> } = { records: 0, streams: {} };
      const keeper = new StateKeeper(stateFile, before);
      await run(ctx, { tap, tapArguments, target, targetArguments: await configOf('target', target), counts, keeper });
      return { ...counts, state: keeper.state ?? null };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

async function readState(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Fatal(
      `The state of the sync in ${path} cannot be read: ${(cause as Error).message}. Remove the file to begin from the start.`,
      { cause },
    );
  }
}

/** Writes each state that the target confirms, one after the other; the file is always a whole state. */
class StateKeeper {
  readonly #path: string;
  state: unknown;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, state: unknown) {
    this.#path = path;
    this.state = state;
  }

  confirm(state: unknown): void {
    this.state = state;
    this.#written = this.#written.then(async () => {
      // A newer one has come meanwhile, and is written next.
      if (this.state !== state) return;
      await mkdir(dirname(this.#path), { recursive: true });
      await writeWhole(this.#path, (unfinished) => writeFile(unfinished, JSON.stringify(state), { flush: true }));
    });
    this.#written.catch(() => {});
  }

  settled(): Promise<void> {
    return this.#written;
  }
}

interface Run {
  readonly tap: SingerProgram;
  readonly tapArguments: readonly string[];
  readonly target: SingerProgram;
  readonly targetArguments: readonly string[];
  readonly counts: { records: number; streams: Record<string, number> };
  readonly keeper: StateKeeper;
}

/** Resolves when both have ended well and the last state is written; rejects when either fails, saying which. */
async function run(ctx: Ctx<unknown>, { tap, tapArguments, target, targetArguments, counts, keeper }: Run): Promise<void> {
  const source = start(tap, tapArguments, ctx);
  const sink = start(target, targetArguments, ctx);
  const children = [source, sink];
  const stop = () => {
    for (const { child } of children) child.kill('SIGTERM');
    setTimeout(() => children.forEach(({ child }) => void child.kill('SIGKILL')), GRACE_MS).unref();
  };
  ctx.signal.addEventListener('abort', stop, { once: true });
  if (ctx.signal.aborted) stop();
  try {
    const confirmed = eachLine(sink.child.stdout as Readable, (line) => {
      const state = parsed(line);
      if (state === undefined) ctx.log.info(line);
      else keeper.confirm(state);
    });
    // A target that ends early closes its end of the pipe; its exit says why.
    const moved = pipeline(source.child.stdout as Readable, countMessages(counts), sink.child.stdin as NodeJS.WritableStream).catch(() =>
      source.child.kill('SIGTERM'),
    );
    const [, , tapFault, targetFault] = await Promise.all([confirmed, moved, source.fault, sink.fault]);
    await keeper.settled();
    ctx.signal.throwIfAborted();
    if (targetFault !== null) throw new Error(targetFault);
    if (tapFault !== null) throw new Error(tapFault);
    ctx.log.info(`${counts.records} records`, counts.streams);
  } finally {
    ctx.signal.removeEventListener('abort', stop);
    for (const { child } of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

/** `fault` is null for a program that ended with 0, else what is to be said of it. */
function start(
  { command, env }: SingerProgram,
  more: readonly string[],
  ctx: Ctx<unknown>,
): { readonly child: ChildProcess; readonly fault: Promise<string | null> } {
  const [program, ...own] = command;
  if (program === undefined) throw new Fatal('A tap or target needs a command: { command: ["tap-github"] }.');
  const child = spawn(program, [...own, ...more], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  let last = '';
  const said = eachLine(child.stderr, (line) => {
    last = line;
    ctx.log.info(`${program}: ${line}`);
  });
  const fault = new Promise<string | null>((resolve) => {
    child.once('error', (error) =>
      resolve(`${program} cannot be started: ${error.message}. Is it installed on the workers, and on their PATH?`),
    );
    child.once('close', (code, signal) => {
      void said.then(() =>
        resolve(code === 0 ? null : `${program} ended with ${signal ?? `exit code ${code}`}${last === '' ? '.' : `: ${last}`}`),
      );
    });
  });
  return { child, fault };
}

async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) if (line.trim() !== '') onLine(line);
}

/** Undefined for what is no JSON: some targets print words. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
