/** The parent's side of one plugin's caged process: started when needed, killed when it hangs, started again. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import {
  type FromPlugin,
  LINK_PLACES,
  PLUGIN_KINDS,
  type PluginLink,
  type PluginQuestion,
  type Provides,
  type ToPlugin,
} from '#core/plugin-protocol.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import type { Logger } from '#platform/logger.ts';
import type { Cage } from './cage.ts';
import { CagedProcess } from './caged-process.ts';

export interface PluginChildOptions extends Cage {
  /** The child's own. */
  readonly bundleFile: string;
  /** For the log: "plugins/workdays.ts". */
  readonly label: string;
  readonly loadTimeoutMs: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It hung, died, printed too much or answered nonsense; in words, without its name. */
  readonly onFault: (what: string) => void;
}

export type Loaded =
  | { readonly ok: true; readonly name: string; readonly provides: Provides; readonly links: readonly PluginLink[] }
  | { readonly ok: false; readonly message: string; readonly stack: string };

export interface AskOptions {
  /** For the reason when it hangs: 'timetable "workdays"'. */
  readonly what: string;
  readonly limitMs: number;
}

const CHILD = join(INSTALLATION_FOLDER, 'scheduler/dag-processor/child/plugin-main.ts');
const MESSAGE_CHARS_MAX = 1024 * 1024;
const NAMES_MAX = 1_000;
const LINE_CHARS_MAX = 2_000;
/** More lines of output than this are dropped. */
const LINES_PER_SECOND = 20;
const HREF = /^(https?:\/\/|\/)\S{0,2000}$/;

export class PluginChild {
  readonly #options: PluginChildOptions;
  #child: CagedProcess | null = null;
  #loading: Promise<Loaded> | null = null;
  #settleLoad: ((loaded: Loaded) => void) | null = null;
  readonly #questions = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #stopped = false;
  #gone: Promise<void> = Promise.resolve();
  #second = 0;
  #linesInSecond = 0;
  #hasFlooded = false;

  constructor(options: PluginChildOptions) {
    this.#options = options;
  }

  /** False after it was killed or died, until the next question. */
  get isAlive(): boolean {
    return this.#child !== null;
  }

  /** Starts the process unless it lives, and says what the plugin offers. Never rejects. */
  load(): Promise<Loaded> {
    if (this.#loading !== null && this.#child !== null) return this.#loading;
    const { clock, loadTimeoutMs, bundleFile, settings } = this.#options;
    this.#loading = new Promise((resolve) => {
      this.#settleLoad = resolve;
    });
    this.#start();
    this.#send({ type: 'load', bundleFile, ...(settings && { settings }) });
    const timer = clock.after(loadTimeoutMs, () =>
      this.kill(`the plugin was not imported within ${formatDuration(loadTimeoutMs)}: an endless loop at its top level?`),
    );
    void this.#loading.then(() => timer.cancel());
    return this.#loading;
  }

  /** Rejects with PLUGIN_FAILED, naming the plugin, when it throws, hangs or dies. */
  async ask(question: PluginQuestion, { what, limitMs }: AskOptions): Promise<unknown> {
    const loaded = await this.load();
    if (!loaded.ok) throw this.#failure(`${what} cannot be asked: ${loaded.message}`);
    const id = this.#nextId++;
    const asked = new Promise<unknown>((resolve, reject) => this.#questions.set(id, { resolve, reject }));
    this.#send({ type: 'ask', id, question });
    const timer = this.#options.clock.after(limitMs, () => this.kill(`${what} did not answer within ${formatDuration(limitMs)}`));
    try {
      return await asked;
    } finally {
      timer.cancel();
    }
  }

  /** Ends the process; whoever waits is told why. The next question starts another. */
  kill(reason: string): void {
    const child = this.#child;
    this.#child = null;
    const wasLoading = this.#settleLoad !== null;
    this.#settleLoad?.({ ok: false, message: reason, stack: '' });
    this.#settleLoad = null;
    for (const { reject } of this.#questions.values()) reject(this.#failure(reason));
    this.#questions.clear();
    child?.kill();
    if (!this.#stopped && !wasLoading) this.#options.onFault(reason);
  }

  /** For good: the file it was loaded from goes too. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.kill('the plugin host stops');
    await this.#gone;
    await rm(this.#options.bundleFile, { force: true });
  }

  #failure(reason: string): AppError {
    return new AppError('PLUGIN_FAILED', `${reason} (${this.#options.label})`);
  }

  #start(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    this.#hasFlooded = false;
    const mine = () => this.#child === child;
    const child = new CagedProcess({
      ...this.#options,
      script: CHILD,
      cpuSecondsMax: null,
      messageCharsMax: MESSAGE_CHARS_MAX,
      onMessage: (message) => mine() && this.#hear(message as FromPlugin),
      onBloat: () => mine() && this.kill(`the plugin takes far more memory than its ${this.#options.memoryMb} MB`),
      onOverflow: () => mine() && this.kill('the plugin answered with more than is read'),
      onOutput: (chunk) => this.#logOutput(chunk),
      onEnd: ({ code, signal, startError }) => {
        if (mine() && !this.#stopped) this.kill(`the plugin's process ended (${startError ?? signal ?? `exit code ${code}`})`);
        resolve();
      },
    });
    this.#child = child;
  }

  #send(message: ToPlugin): void {
    this.#child?.send(message);
  }

  /** The plugin is a stranger: whatever does not fit is ignored. */
  #hear(message: FromPlugin): void {
    switch (message?.type) {
      case 'loaded':
        if (isKey(message.name) && isProvides(message.provides))
          this.#settleLoad?.({ ok: true, name: message.name, provides: message.provides, links: linksOf(message.links) });
        else this.kill('the plugin did not say what it offers');
        this.#settleLoad = null;
        return;
      case 'failed':
        this.kill(String(message.message));
        return;
      case 'answer':
        this.#questions.get(message.id)?.resolve(message.value);
        this.#questions.delete(message.id);
        return;
      case 'refused':
        this.#questions.get(message.id)?.reject(this.#failure(String(message.message)));
        this.#questions.delete(message.id);
        return;
    }
  }

  /** A piece of output is cut into lines where it stands: good enough for a log. */
  #logOutput(chunk: Buffer): void {
    const { logger, label, clock } = this.#options;
    const second = Math.floor(clock.monotonic() / 1_000);
    if (second !== this.#second) [this.#second, this.#linesInSecond] = [second, 0];
    const room = Math.max(0, LINES_PER_SECOND - this.#linesInSecond);
    const lines = chunk
      .toString('utf8', 0, (room + 1) * LINE_CHARS_MAX)
      .split('\n')
      .filter((line) => line.trim() !== '');
    this.#linesInSecond += lines.length;
    for (const line of lines.slice(0, room))
      logger.info({ event: 'plugin.said', plugin: label }, `${label}: ${line.slice(0, LINE_CHARS_MAX)}`);
    if (lines.length <= room || this.#hasFlooded) return;
    this.#hasFlooded = true;
    this.#options.onFault(`it prints more than ${LINES_PER_SECOND} lines a second; the rest was dropped`);
  }
}

function isProvides(provides: unknown): provides is Provides {
  const isNames = (names: unknown) => Array.isArray(names) && names.length <= NAMES_MAX && names.every((name) => typeof name === 'string');
  return (
    typeof provides === 'object' && provides !== null && PLUGIN_KINDS.every((kind) => isNames((provides as Record<string, unknown>)[kind]))
  );
}

/** Only what a page may show: http(s) or a path of its own. */
function linksOf(links: unknown): readonly PluginLink[] {
  if (!Array.isArray(links)) return [];
  return (links as Partial<PluginLink>[]).slice(0, NAMES_MAX).filter((link): link is PluginLink => {
    const isNamed = typeof link?.name === 'string' && link.name !== '' && typeof link.href === 'string' && HREF.test(link.href);
    const operators = link?.operators ?? null;
    const fits = operators === null || (Array.isArray(operators) && operators.every((name) => typeof name === 'string'));
    return isNamed && fits && LINK_PLACES.includes(link.on as PluginLink['on']);
  });
}
