/**
 * A whole Windlass of a test's own, started the way `npm start` does: all processes, embedded Postgres, web server. DAG
 * files are copied into a folder outside this repository, as users have them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { freePort } from '#platform/embedded/free-port.ts';
import { standaloneBroker } from '#test/support/broker.ts';
import { until } from '#test/support/until.ts';

const WINDLASS = new URL('../../bin/windlass.mjs', import.meta.url).pathname;
const ADMIN_PASSWORD = 'a password for this test';
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 40_000;

export interface Standalone {
  readonly folder: string;
  readonly webUrl: string;
  readonly monitorUrl: string;
  readonly adminPassword: string;
  /** All it printed. */
  output(): string;
  /** Calls the API as the first admin; resolves with the JSON of the answer. Throws for a status that was not expected. */
  api<T>(method: string, path: string, body?: object, expectedStatus?: number): Promise<T>;
  /** What the running instance wrote for other commands: URLs of its databases among it. */
  runFile(): { readonly databaseUrl: string; readonly warehouseUrl: string };
  /** Stops it as Ctrl-C does; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Removes its folder; kills it if it still runs. */
  remove(): Promise<void>;
}

/** Starts one with these DAG files; resolves when it says it is ready and each of them was read. */
export async function startStandalone(options: { readonly dagFiles: readonly string[] }): Promise<Standalone> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-e2e-'));
  // As root, Postgres runs as another user, who must be able to get in here.
  chmodSync(folder, 0o755);
  for (const name of ['dags', 'plugins', 'data']) mkdirSync(join(folder, name));
  for (const file of options.dagFiles) copyFileSync(file, join(folder, 'dags', basename(file)));
  const [webPort, monitorPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [WINDLASS, 'standalone'], {
    cwd: folder,
    env: environment(folder, webPort, monitorPort),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const standalone = new StandaloneProcess(child, folder, `http://127.0.0.1:${webPort}`, `http://127.0.0.1:${monitorPort}`, () => output);
  try {
    await until(() => child.exitCode !== null || output.includes('ready in'), {
      what: 'windlass standalone is ready',
      deadlineMs: START_DEADLINE_MS,
    });
    if (child.exitCode !== null) throw new Error('windlass standalone ended at once');
    await standalone.logIn();
    await standalone.hasRead(options.dagFiles.map((file) => basename(file)));
    return standalone;
  } catch (error) {
    await standalone.remove();
    throw new Error(`${(error as Error).message}. It printed:\n${output}`, { cause: error });
  }
}

/** Nothing of the machine's own settings gets in. */
function environment(folder: string, webPort: number, monitorPort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    WINDLASS_DATA_FOLDER: join(folder, 'data'),
    WINDLASS_DAGS_FOLDER: join(folder, 'dags'),
    WINDLASS_PLUGINS_FOLDER: join(folder, 'plugins'),
    WINDLASS_LOGS_FOLDER: join(folder, 'logs'),
    WINDLASS_SCRATCH_FOLDER: join(folder, 'scratch'),
    WINDLASS_WEB_PORT: String(webPort),
    WINDLASS_MONITOR_PORT: String(monitorPort),
    WINDLASS_ADMIN_PASSWORD: ADMIN_PASSWORD,
    ...standaloneBroker,
  };
}

class StandaloneProcess implements Standalone {
  readonly folder: string;
  readonly output: () => string;
  readonly webUrl: string;
  readonly monitorUrl: string;
  readonly adminPassword = ADMIN_PASSWORD;
  readonly #child: ChildProcess;
  #token = '';

  constructor(child: ChildProcess, folder: string, webUrl: string, monitorUrl: string, output: () => string) {
    this.#child = child;
    this.folder = folder;
    this.webUrl = webUrl;
    this.monitorUrl = monitorUrl;
    this.output = output;
  }

  async logIn(): Promise<void> {
    const answer = await this.api<{ access_token: string }>('POST', '/auth/token', { username: 'admin', password: ADMIN_PASSWORD }, 201);
    this.#token = answer.access_token;
  }

  /** Ready means that pages answer; the first look at the DAG folder may come after it. */
  async hasRead(fileNames: readonly string[]): Promise<void> {
    const read = async () => {
      const { dags } = await this.api<{ dags: { relative_fileloc: string }[] }>('GET', '/api/v2/dags');
      const { import_errors: errors } = await this.api<{ import_errors: { filename: string }[] }>('GET', '/api/v2/importErrors');
      const seen = new Set([...dags.map((dag) => dag.relative_fileloc), ...errors.map((error) => error.filename)]);
      return fileNames.every((name) => seen.has(name));
    };
    await until(read, { what: `${fileNames.join(', ')} were read`, deadlineMs: START_DEADLINE_MS });
  }

  async api<T>(method: string, path: string, body?: object, expectedStatus = 200): Promise<T> {
    const response = await fetch(this.webUrl + path, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (response.status !== expectedStatus)
      throw new Error(`${method} ${path} answered ${response.status}, not ${expectedStatus}: ${text}`);
    return JSON.parse(text) as T;
  }

  runFile() {
    return JSON.parse(readFileSync(join(this.folder, 'data', 'run.json'), 'utf8')) as { databaseUrl: string; warehouseUrl: string };
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    await until(() => this.#child.exitCode !== null || this.#child.signalCode !== null, {
      what: 'it has stopped',
      deadlineMs: STOP_DEADLINE_MS,
    });
    return this.#child.exitCode;
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.stop().catch(() => this.#child.kill('SIGKILL'));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
