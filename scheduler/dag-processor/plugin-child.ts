/** The parent's side of one plugin's caged process: started when needed, killed when it hangs, started again. */
import { join } from 'node:path';
import { formatDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import type { Logger } from '#platform/logger.ts';
import type { Cage } from './cage.ts';
import { CagedProcess } from './caged-process.ts';
import type { CustomQuestion, FromPlugin, PluginListener, Provides, ToPlugin } from './child/plugin-messages.ts';

export interface PluginChildOptions extends Cage {
  readonly bundleFile: string;
  /** For the log: "plugins/workdays.ts". */
  readonly label: string;
  readonly loadTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type Loaded =
  | { readonly ok: true; readonly name: string; readonly provides: Provides }
  | { readonly ok: false; readonly message: string; readonly stack: string };

const CHILD = join(INSTALLATION_FOLDER, 'scheduler/dag-processor/child/plugin-main.ts');
/** A timetable must answer within this, loading the plugin included. */
const ANSWER_MS = 5_000;
/** A listener that has not ended its event after this is stuck. */
const LISTENER_MS = 30_000;
const EVENTS_WAITING_MAX = 1_000;
const MESSAGE_CHARS_MAX = 1024 * 1024;
const NAMES_MAX = 1_000;
const LINE_CHARS_MAX = 2_000;
/** More lines of output than this are dropped. */
const LINES_PER_SECOND = 20;

export class PluginChild {
  readonly #options: PluginChildOptions;
  #child: CagedProcess | null = null;
  #loading: Promise<Loaded> | null = null;
  #settleLoad: ((loaded: Loaded) => void) | null = null;
  readonly #questions = new Map<number, { resolve: (run: NextRun | null) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #eventsWaiting = 0;
  #lastHeardMs = 0;
  #stopped = false;
  #gone: Promise<void> = Promise.resolve();
  #second = 0;
  #linesInSecond = 0;

  constructor(options: PluginChildOptions) {
    this.#options = options;
  }

  /** Starts the process unless it lives, and says what the plugin offers. Never rejects. */
  load(): Promise<Loaded> {
    if (this.#loading !== null && this.#child !== null) return this.#loading;
    const { clock, loadTimeoutMs, bundleFile } = this.#options;
    this.#loading = new Promise((resolve) => {
      this.#settleLoad = resolve;
    });
    this.#start();
    this.#send({ type: 'load', bundleFile });
    const timer = clock.after(loadTimeoutMs, () =>
      this.kill(`the plugin was not imported within ${formatDuration(loadTimeoutMs)}: an endless loop at its top level?`),
    );
    void this.#loading.then(() => timer.cancel());
    return this.#loading;
  }

  /** Rejects with SCHEDULE_INVALID when the timetable throws, hangs or its process dies. */
  async nextRun(timetable: string, question: CustomQuestion): Promise<NextRun | null> {
    const loaded = await this.load();
    if (!loaded.ok) throw new AppError('SCHEDULE_INVALID', `Timetable "${timetable}" cannot be asked: ${loaded.message}`);
    const id = this.#nextId++;
    const asked = new Promise<NextRun | null>((resolve, reject) => this.#questions.set(id, { resolve, reject }));
    this.#send({ type: 'next_run', id, timetable, question });
    const timer = this.#options.clock.after(ANSWER_MS, () =>
      this.kill(`timetable "${timetable}" did not answer within ${formatDuration(ANSWER_MS)}`),
    );
    try {
      return await asked;
    } finally {
      timer.cancel();
    }
  }

  /** Fire and forget: events beyond a backlog are dropped with a warning. */
  notify(listener: PluginListener, event: object): void {
    const { clock, logger, label } = this.#options;
    if (this.#eventsWaiting > 0 && clock.monotonic() - this.#lastHeardMs > LISTENER_MS)
      this.kill(`a listener did not end within ${formatDuration(LISTENER_MS)}`);
    if (this.#eventsWaiting >= EVENTS_WAITING_MAX) {
      logger.warn({ event: 'plugin.event_dropped', plugin: label, listener }, `${label} hears too slowly; an event was dropped`);
      return;
    }
    if (this.#eventsWaiting++ === 0) this.#lastHeardMs = clock.monotonic();
    void this.load().then((loaded) => {
      if (loaded.ok) this.#send({ type: 'event', listener, event });
      else this.#eventsWaiting = 0;
    });
  }

  /** Ends the process; whoever waits is told why. The next question starts another. */
  kill(reason: string): void {
    const child = this.#child;
    this.#child = null;
    this.#eventsWaiting = 0;
    this.#settleLoad?.({ ok: false, message: reason, stack: '' });
    this.#settleLoad = null;
    for (const { reject } of this.#questions.values()) reject(new AppError('SCHEDULE_INVALID', `${reason} (${this.#options.label})`));
    this.#questions.clear();
    child?.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.kill('the plugin host stops');
    await this.#gone;
  }

  #start(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    const mine = () => this.#child === child;
    const child = new CagedProcess({
      ...this.#options,
      script: CHILD,
      cpuSecondsMax: null,
      messageCharsMax: MESSAGE_CHARS_MAX,
      onMessage: (message) => mine() && this.#hear(message as FromPlugin),
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
          this.#settleLoad?.({ ok: true, name: message.name, provides: message.provides });
        else this.kill('the plugin did not say what it offers');
        this.#settleLoad = null;
        return;
      case 'failed':
        this.kill(String(message.message));
        return;
      case 'answer':
        this.#questions.get(message.id)?.resolve(isNextRun(message.run) ? message.run : null);
        this.#questions.delete(message.id);
        return;
      case 'refused':
        this.#questions.get(message.id)?.reject(new AppError('SCHEDULE_INVALID', String(message.message)));
        this.#questions.delete(message.id);
        return;
      case 'heard':
        this.#eventsWaiting = Math.max(0, this.#eventsWaiting - 1);
        this.#lastHeardMs = this.#options.clock.monotonic();
        if (message.problem !== null)
          this.#options.logger.warn(
            { event: 'plugin.listener_failed', plugin: this.#options.label, listener: message.listener },
            `${this.#options.label}: ${message.listener} failed: ${message.problem}`,
          );
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
      .toString('utf8', 0, room * LINE_CHARS_MAX)
      .split('\n')
      .filter((line) => line.trim() !== '');
    this.#linesInSecond += lines.length;
    for (const line of lines.slice(0, room))
      logger.info({ event: 'plugin.said', plugin: label }, `${label}: ${line.slice(0, LINE_CHARS_MAX)}`);
  }
}

function isProvides(provides: unknown): provides is Provides {
  const kinds = ['tasks', 'macros', 'timetables', 'listeners'];
  const isNames = (names: unknown) => Array.isArray(names) && names.length <= NAMES_MAX && names.every((name) => typeof name === 'string');
  return typeof provides === 'object' && provides !== null && kinds.every((kind) => isNames((provides as Record<string, unknown>)[kind]));
}

function isNextRun(run: unknown): run is NextRun {
  const names = ['logicalDateMs', 'intervalStartMs', 'intervalEndMs', 'runAfterMs'];
  return typeof run === 'object' && run !== null && names.every((name) => Number.isFinite((run as Record<string, unknown>)[name]));
}
