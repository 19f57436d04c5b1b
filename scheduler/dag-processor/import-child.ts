/**
 * The parent's side of one caged child: starts it ahead of need, hands it a bundle, and turns every way it can
 * end (answer, exception, exit, endless loop, out of memory, flood of output) into a result.
 */
import { join } from 'node:path';
import type { InstallationDefaults } from '#core/default-args.ts';
import { formatDuration } from '#core/duration.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import type { Cage } from '#platform/plugins/cage.ts';
import { CagedProcess, type ProcessEnd } from '#platform/plugins/caged-process.ts';
import { type ImportAnswer, type ImportReady, OUTPUT_BYTES_MAX, TOO_MUCH_OUTPUT } from './child/messages.ts';

export interface ImportChildOptions extends Cage {
  readonly timeoutMs: number;
  /** For tasks that say nothing themselves. */
  readonly defaults: InstallationDefaults;
  readonly clock: Clock;
}

const START_MS_MAX = 30_000;
const SHOWN_OUTPUT_CHARS = 500;
/** A dying Node says this somewhere in its long last words. */
const HEAP_ENDED = /heap out of memory|Reached heap limit|Ineffective mark-compacts/;
/** Exit code of a shell's child that ended by SIGABRT. */
const ABORTED = 134;
const ANSWER_CHARS_MAX = 32 * 1024 * 1024;
const CHILD = join(INSTALLATION_FOLDER, 'scheduler/dag-processor/child/main.ts');

export class ImportChild {
  readonly #process: CagedProcess;
  readonly #options: ImportChildOptions;
  #output = '';
  #outputBytes = 0;
  #hasHeapEnded = false;
  #answer: ImportAnswer | null = null;
  #killedFor: string | null = null;
  readonly #ended: Promise<ProcessEnd>;
  readonly #ready = Promise.withResolvers<void>();

  constructor(options: ImportChildOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.#ended = promise;
    this.#process = new CagedProcess({
      ...options,
      script: CHILD,
      messageCharsMax: ANSWER_CHARS_MAX,
      // Far above what the time limit allows with all threads busy: the time limit explains itself better.
      cpuSecondsMax: 4 * Math.ceil(options.timeoutMs / 1_000) + 10,
      onMessage: (message) => this.#hear(message),
      onOverflow: () =>
        this.kill(`the DAGs of the file are larger than ${ANSWER_CHARS_MAX / 1024 / 1024} MiB when serialised; split the file`),
      onBloat: () => this.kill(this.#tooMuchMemory),
      onOutput: (chunk) => this.#hearOutput(chunk),
      onEnd: resolve,
    });
  }

  get isAlive(): boolean {
    return this.#process.isAlive;
  }

  /** Imports one bundle; the child is used up. Never rejects. */
  async import(bundleFile: string, sourceFile: string): Promise<ImportAnswer> {
    const { clock, timeoutMs, defaults } = this.#options;
    const start = clock.after(START_MS_MAX, () => this.kill(`the import process did not start within ${formatDuration(START_MS_MAX)}`));
    // A busy machine takes its time to start a process: that is not the file's fault.
    await Promise.race([this.#ready.promise, this.#ended]);
    start.cancel();
    const timer = clock.after(timeoutMs, () =>
      this.kill(
        `the file was not imported within ${formatDuration(timeoutMs)}: an endless loop at its top level? (limit: WINDLASS_DAG_IMPORT_TIMEOUT_MS)`,
      ),
    );
    this.#process.send({ bundleFile, sourceFile, defaults });
    const end = await this.#ended;
    timer.cancel();
    return this.#killedFor === null && this.#answer !== null
      ? this.#answer
      : { type: 'error', name: 'ImportError', message: this.#explain(end), stack: '' };
  }

  kill(reason: string): void {
    this.#killedFor ??= reason;
    this.#process.kill();
  }

  #hear(message: unknown): void {
    const answer = message as Partial<ImportAnswer | ImportReady> | null;
    if (answer?.type === 'ready') this.#ready.resolve();
    if (this.#answer !== null || typeof answer !== 'object' || answer === null) return;
    if (answer.type === 'dags' && Array.isArray(answer.specs) && answer.specs.every((spec) => typeof spec === 'string'))
      this.#answer = { type: 'dags', specs: answer.specs };
    if (answer.type === 'error' && typeof answer.message === 'string')
      this.#answer = { type: 'error', name: String(answer.name), message: answer.message, stack: String(answer.stack) };
  }

  #hearOutput(chunk: Buffer): void {
    this.#outputBytes += chunk.length;
    this.#hasHeapEnded ||= HEAP_ENDED.test(chunk.toString('latin1'));
    if (this.#output.length < SHOWN_OUTPUT_CHARS) this.#output += chunk.toString('utf8').slice(0, SHOWN_OUTPUT_CHARS);
    if (this.#outputBytes > OUTPUT_BYTES_MAX) this.kill(TOO_MUCH_OUTPUT);
  }

  get #tooMuchMemory(): string {
    return `the file needs more than ${this.#options.memoryMb} MB of memory to import (limit: WINDLASS_DAG_IMPORT_MEMORY_MB).`;
  }

  #explain({ code, signal, startError }: ProcessEnd): string {
    if (this.#killedFor !== null) return this.#killedFor;
    if (startError !== null) return `the import process could not be started: ${startError}`;
    const said = this.#output.trim();
    const tail = said === '' ? '' : ` It printed: ${said}`;
    if (this.#hasHeapEnded) return this.#tooMuchMemory;
    if (code === ABORTED || signal === 'SIGABRT')
      return `the import process was aborted: process.abort() at the top level of the file, or a crash of a native module it imports.${tail}`;
    if (code !== null)
      return `the file ended the process (exit code ${code}) while it was imported; remove process.exit() from its top level.${tail}`;
    return `the import process was ended by ${signal ?? 'an unknown cause'}.${tail}`;
  }
}
