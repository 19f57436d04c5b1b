/**
 * The parent's side of one caged child: starts it ahead of need, hands it a bundle, and turns every way it can
 * end (answer, exception, exit, endless loop, out of memory, flood of output) into a result.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration } from '#core/duration.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import { type Cage, cageEnvironment, cageFlags } from './cage.ts';
import type { ImportAnswer } from './child/messages.ts';

export interface ImportChildOptions extends Cage {
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export type Imported = Exclude<ImportAnswer, { type: 'ready' }>;

const OUTPUT_BYTES_MAX = 256 * 1024;
const SHOWN_OUTPUT_CHARS = 500;
const CHILD = join(INSTALLATION_FOLDER, 'scheduler/dag-processor/child/main.ts');

export class ImportChild {
  readonly #child: ChildProcess;
  readonly #options: ImportChildOptions;
  #output = '';
  #outputBytes = 0;
  #answer: Imported | null = null;
  #killedFor: string | null = null;
  readonly #exited: Promise<void>;
  #exit: { code: number | null; signal: NodeJS.Signals | null } = { code: null, signal: null };

  constructor(options: ImportChildOptions) {
    this.#options = options;
    this.#child = spawn(process.execPath, [...cageFlags(options), CHILD], {
      cwd: tmpdir(),
      env: cageEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#hearOutput(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#hearOutput(chunk));
    this.#child.on('message', (message) => this.#hear(message));
    this.#child.on('error', (error) => {
      this.#killedFor ??= `the import process could not be started: ${error.message}`;
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#exit = { code, signal };
        resolve();
      });
      this.#child.once('error', () => resolve());
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.connected;
  }

  /** Imports one bundle; the child is used up. Never rejects. */
  async import(bundleFile: string, sourceFile: string): Promise<Imported> {
    const { clock, timeoutMs } = this.#options;
    const timer = clock.after(timeoutMs, () =>
      this.kill(
        `the file was not imported within ${formatDuration(timeoutMs)}: an endless loop or an await that never settles at its top level? (limit: WINDLASS_DAG_IMPORT_TIMEOUT_MS)`,
      ),
    );
    this.#child.send({ bundleFile, sourceFile }, () => {});
    await this.#exited;
    timer.cancel();
    return this.#killedFor === null && this.#answer !== null
      ? this.#answer
      : { type: 'error', name: 'ImportError', message: this.#explain(), stack: '' };
  }

  kill(reason: string): void {
    this.#killedFor ??= reason;
    try {
      process.kill(-(this.#child.pid as number), 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  #hear(message: unknown): void {
    const answer = message as Partial<Imported> | null;
    if (this.#answer !== null || typeof answer !== 'object' || answer === null) return;
    if (answer.type === 'dags' && Array.isArray(answer.specs) && answer.specs.every((spec) => typeof spec === 'string'))
      this.#answer = { type: 'dags', specs: answer.specs };
    if (answer.type === 'error' && typeof answer.message === 'string')
      this.#answer = { type: 'error', name: String(answer.name), message: answer.message, stack: String(answer.stack) };
  }

  #hearOutput(chunk: Buffer): void {
    this.#outputBytes += chunk.length;
    if (this.#output.length < SHOWN_OUTPUT_CHARS) this.#output += chunk.toString('utf8').slice(0, SHOWN_OUTPUT_CHARS);
    if (this.#outputBytes > OUTPUT_BYTES_MAX)
      this.kill(`the file printed more than ${OUTPUT_BYTES_MAX / 1024} KiB while it was imported; print in tasks, not at the top level`);
  }

  #explain(): string {
    if (this.#killedFor !== null) return this.#killedFor;
    const { code, signal } = this.#exit;
    const said = this.#output.trim();
    const tail = said === '' ? '' : ` It printed: ${said}`;
    if (/heap out of memory|Reached heap limit/.test(said) || code === 134 || signal === 'SIGABRT')
      return `the file needs more than ${this.#options.memoryMb} MB of memory to import (limit: WINDLASS_DAG_IMPORT_MEMORY_MB).`;
    if (code === 13) return 'an await at the top level of the file never settles.';
    if (code !== null)
      return `the file ended the process (exit code ${code}) while it was imported; remove process.exit() from its top level.${tail}`;
    return `the import process was ended by ${signal ?? 'an unknown cause'}.${tail}`;
  }
}
