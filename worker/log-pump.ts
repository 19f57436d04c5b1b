/**
 * The log of one attempt: takes what the task process prints and what ctx.log says, cuts, masks, stamps and
 * appends it. Only the supervisor that holds the lease writes; the task process cannot open the file.
 */
import type { LogLevel } from '#core/task-protocol.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import { END_FIELD, formatLogLine, type LogSource } from '#platform/logs/log-line.ts';
import { LogWriter } from '#platform/logs/log-writer.ts';
import type { Masker } from '#platform/mask.ts';
import { LineCutter } from './line-cutter.ts';

/** An attempt that runs longer has a log, whatever it says. */
const SILENT_MS = 1_000;
const LINE_MAX_BYTES = 64 * 1024;
const FIELDS_MAX_CHARS = 64 * 1024;
/** Last lines of stderr, kept to explain a crash: a dying Node prints the cause, then a long native stack. */
const TAIL_LINES = 80;

export interface LogPumpOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly masker: Masker;
  readonly onBackPressure: (wait: boolean) => void;
  readonly onError: (error: Error) => void;
}

type OutputSource = 'stdout' | 'stderr';

interface Words {
  readonly source: LogSource;
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class LogPump {
  readonly #options: LogPumpOptions;
  readonly #writer: LogWriter;
  readonly #cutters: Readonly<Record<OutputSource, LineCutter>>;
  readonly #stderrTail: string[] = [];
  /** What Windlass itself says of an attempt that has said nothing yet. */
  #held: (() => void)[] | null = [];
  #holding: Timer | null = null;
  #writtenBytes = 0;
  #droppedLines = 0;

  constructor(options: LogPumpOptions) {
    this.#options = options;
    this.#writer = new LogWriter(options);
    // Room to see a secret that straddles the cut, so that no part of it stays readable.
    const limitBytes = LINE_MAX_BYTES + options.masker.longestChars * 4;
    this.#cutters = {
      stdout: new LineCutter(limitBytes, (line) => this.#onOutputLine('stdout', line.text, line.droppedBytes)),
      stderr: new LineCutter(limitBytes, (line) => this.#onOutputLine('stderr', line.text, line.droppedBytes)),
    };
  }

  get stderrTail(): string {
    return this.#stderrTail.join('\n');
  }

  /** Nothing is in the file, and nothing but our own words would be: a short attempt that says nothing leaves no file. */
  get isSilent(): boolean {
    return this.#held !== null;
  }

  output(source: OutputSource, bytes: Buffer): void {
    this.speak();
    this.#cutters[source].push(bytes);
  }

  /** ctx.log. */
  task(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.speak();
    this.#write('task', level, message, fields);
  }

  /** Windlass itself: what happens to the attempt. */
  system(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write('system', level, message, fields);
  }

  /** Of a silent attempt: leaves no file. */
  forget(): null {
    this.#holding?.cancel();
    this.#held = null;
    return null;
  }

  /** Writes the end line and closes the file. Never throws. */
  async end(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    this.speak();
    for (const cutter of Object.values(this.#cutters)) cutter.end();
    if (this.#droppedLines > 0)
      this.#append('system', 'warning', `${this.#droppedLines} more lines were dropped after the log was truncated`, {});
    this.#append('system', level, message, { [END_FIELD]: true, ...fields });
    await this.#writer.close();
  }

  /** The lease is lost: what is not on disk yet is forgotten, and nothing is added. */
  drop(): Promise<void> {
    this.forget();
    return this.#writer.drop();
  }

  #onOutputLine(source: OutputSource, text: string, droppedBytes: number): void {
    const level = source === 'stdout' ? 'info' : 'warning';
    const masked = this.#options.masker.mask(text);
    const shown = masked.length > LINE_MAX_BYTES ? masked.slice(0, LINE_MAX_BYTES) : masked;
    const cutBytes = droppedBytes + Buffer.byteLength(masked.slice(shown.length));
    if (source === 'stderr') this.#remember(shown);
    this.#write(source, level, cutBytes > 0 ? `${shown}… (line cut, ${cutBytes} more bytes)` : shown, {});
  }

  #remember(line: string): void {
    this.#stderrTail.push(line.slice(0, 1_000));
    if (this.#stderrTail.length > TAIL_LINES) this.#stderrTail.shift();
  }

  #write(source: LogSource, level: LogLevel, text: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#writtenBytes >= this.#options.maxBytes) {
      this.#droppedLines += 1;
      return;
    }
    this.#append(source, level, text, fields);
    if (this.#writtenBytes >= this.#options.maxBytes)
      this.#append('system', 'warning', `the log was truncated at ${Math.round(this.#options.maxBytes / 1024 / 1024)} MB`, {
        truncated: true,
      });
  }

  #append(source: LogSource, level: LogLevel, text: string, fields: Readonly<Record<string, unknown>>): void {
    this.#appendAt(this.#options.clock.now(), { source, level, text, fields });
  }

  #appendAt(atMs: number, words: Words): void {
    if (this.#held !== null) {
      // Not even made into a line: most of them are forgotten.
      this.#held.push(() => this.#appendAt(atMs, words));
      this.#holding ??= this.#options.clock.after(SILENT_MS, () => this.speak());
      return;
    }
    const { source, level, text, fields } = words;
    const { masker } = this.#options;
    const event = source === 'stdout' || source === 'stderr' ? text : masker.mask(text);
    const timestamp = new Date(atMs).toISOString();
    let line = formatLogLine({ timestamp, level, source, event, fields: masker.maskDeep(fields) as typeof fields });
    if (line.length > LINE_MAX_BYTES + FIELDS_MAX_CHARS)
      line = formatLogLine({ timestamp, level, source, event: event.slice(0, LINE_MAX_BYTES), fields: { fields_dropped: true } });
    this.#writtenBytes += line.length;
    this.#writer.append(line);
  }

  /** From now on everything goes to the file, with what was held back first. */
  speak(): void {
    const held = this.#held;
    if (held === null) return;
    this.forget();
    for (const append of held) append();
  }
}
