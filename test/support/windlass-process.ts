/** The real command line, in processes of its own: one command to its end, or a standalone to talk to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#platform/embedded/free-port.ts';
import { standaloneBroker } from './broker.ts';
import { BIN } from './process-tree.ts';
import { until } from './until.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Project folder; its `.windlass`, `dags` and `logs` are used. */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Settings of the machine that runs the tests must not reach them. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(WINDLASS_|DATABASE_URL|REDIS_URL|NODE_OPTIONS|VITEST)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), NO_COLOR: '1', ...extra };
}

/** Runs `windlass <args>` to its end. */
export function windlass(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: options.folder ?? tmpdir(), env: cleanEnvironment(options.environment) });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? '');
  });
}

/** An empty project folder with the DAG files given (name -> text). */
export function makeProject(dags: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-project-'));
  chmodSync(folder, 0o755); // as people make folders; one that only root may enter sends Postgres elsewhere
  mkdirSync(join(folder, 'dags'));
  for (const [name, text] of Object.entries(dags)) writeFileSync(join(folder, 'dags', name), text);
  return folder;
}

export interface RunningStandalone {
  readonly folder: string;
  readonly webUrl: string;
  readonly monitorUrl: string;
  readonly child: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Sends the signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StandaloneOptions {
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts `windlass standalone` on free ports and resolves once it shows its start screen. */
export async function startStandalone({ folder, environment = {} }: StandaloneOptions): Promise<RunningStandalone> {
  const [web, monitor] = [await freePort(), await freePort()];
  const ports = { WINDLASS_WEB_PORT: String(web), WINDLASS_MONITOR_PORT: String(monitor) };
  const child = spawn(process.execPath, [BIN, 'standalone'], {
    cwd: folder,
    env: cleanEnvironment({ ...ports, ...standaloneBroker, WINDLASS_ADMIN_PASSWORD: 'admin-password', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  await until(() => /ready in [\d.]+ s/.test(output) || hasEnded, { deadlineMs: 180_000, what: 'standalone is ready' }).catch(
    (error: Error) => {
      child.kill('SIGKILL');
      throw new Error(`${error.message}; it said:\n${output}`);
    },
  );
  if (hasEnded) throw new Error(`standalone ended with code ${await ended}; it said:\n${output}`);
  return {
    folder,
    webUrl: `http://127.0.0.1:${web}`,
    monitorUrl: `http://127.0.0.1:${monitor}`,
    child,
    output: () => output,
    async stop(signal = 'SIGINT') {
      if (!hasEnded) child.kill(signal);
      return ended;
    },
  };
}

export function removeProject(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
