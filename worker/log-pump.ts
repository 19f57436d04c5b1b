/**
 * The log of one attempt: takes what the task process prints and what ctx.log says, cuts, masks, stamps and
 * appends it. Only the supervisor that holds the lease writes; the task process cannot open the file.
 */
import type { LogLevel } from '#core/task-protocol.ts';
import type { Clock } from '#platform/clock.ts';
import { END_FIELD, formatLogLine, type LogSource } from '#platform/logs/log-line.ts';
import { LogWriter } from '#platform/logs/log-writer.ts';
import type { Masker } from '#platform/mask.ts';
import { LineCutter } from './line-cutter.ts';

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

export class LogPump {
  readonly #options: LogPumpOptions;
  readonly #writer: LogWriter;
  readonly #cutters: Readonly<Record<OutputSource, LineCutter>>;
  readonly #stderrTail: string[] = [];
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

  output(source: OutputSource, bytes: Buffer): void {
    this.#cutters[source].push(bytes);
  }

  /** ctx.log. */
  task(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#write('task', level, message, fields);
  }

  /** Windlass itself: what happens to the attempt. */
  system(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#write('system', level, message, fields);
  }

  /** Writes the end line and closes the file. Never throws. */
  async end(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    for (const cutter of Object.values(this.#cutters)) cutter.end();
    if (this.#droppedLines > 0)
      this.#append('system', 'warning', `${this.#droppedLines} more lines were dropped after the log was truncated`, {});
    this.#append('system', level, message, { [END_FIELD]: true, ...fields });
    await this.#writer.close();
  }

  /** The lease is lost: what is not on disk yet is forgotten, and nothing is added. */
  drop(): Promise<void> {
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
    const { clock, masker } = this.#options;
    const event = source === 'stdout' || source === 'stderr' ? text : masker.mask(text);
    const timestamp = new Date(clock.now()).toISOString();
    let line = formatLogLine({ timestamp, level, source, event, fields: masker.maskDeep(fields) as typeof fields });
    if (line.length > LINE_MAX_BYTES + FIELDS_MAX_CHARS)
      line = formatLogLine({ timestamp, level, source, event: event.slice(0, LINE_MAX_BYTES), fields: { fields_dropped: true } });
    this.#writtenBytes += line.length;
    this.#writer.append(line);
  }
}
