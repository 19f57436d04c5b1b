/** The parent's side of one plugin's caged process: started when needed, killed when it hangs, started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { formatDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Clock } from '#platform/clock.ts';
import { INSTALLATION_FOLDER } from '#platform/installation.ts';
import type { Logger } from '#platform/logger.ts';
import { type Cage, cageEnvironment, cageFlags } from './cage.ts';
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
const NAMES_MAX = 1_000;
const LINE_CHARS_MAX = 2_000;
/** Lines of output in a row that are logged; more are counted only. */
const LINES_PER_SECOND = 20;

export class PluginChild {
  readonly #options: PluginChildOptions;
  #child: ChildProcess | null = null;
  #loading: Promise<Loaded> | null = null;
  #settleLoad: ((loaded: Loaded) => void) | null = null;
  readonly #questions = new Map<number, { resolve: (run: NextRun | null) => void; reject: (error: Error) => void }>();
  #nextId = 1;
  #eventsWaiting = 0;
  #lastHeardMs = 0;
  #stopped = false;

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
    child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    const gone = child === null || child.exitCode !== null ? null : new Promise((resolve) => child.once('close', resolve));
    this.kill('the plugin host stops');
    await gone;
  }

  #start(): void {
    const child = spawn(process.execPath, [...cageFlags(this.#options), CHILD], {
      cwd: tmpdir(),
      env: cageEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const ended = (reason: string) => {
      if (this.#child === child && !this.#stopped) this.kill(reason);
    };
    child.on('message', (message) => this.#child === child && this.#hear(message as FromPlugin));
    child.on('error', (error) => ended(`the plugin's process could not be started: ${error.message}`));
    child.on('exit', (code, signal) => ended(`the plugin's process ended (${signal ?? `exit code ${code}`})`));
    for (const stream of [child.stdout, child.stderr]) if (stream) this.#logLines(stream);
  }

  #send(message: ToPlugin): void {
    this.#child?.send(message, () => {});
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

  #logLines(stream: NodeJS.ReadableStream): void {
    const { logger, label, clock } = this.#options;
    let second = 0;
    let lines = 0;
    createInterface({ input: stream }).on('line', (line) => {
      const now = Math.floor(clock.monotonic() / 1_000);
      if (now !== second) [second, lines] = [now, 0];
      if (++lines <= LINES_PER_SECOND) logger.info({ event: 'plugin.said', plugin: label }, `${label}: ${line.slice(0, LINE_CHARS_MAX)}`);
    });
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
