/** The log of one role: every line to `<logs>/windlass/<role>.log`, warnings and errors to the terminal as well. */
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';

const ROTATE_BYTES = 10 * 1024 * 1024;
const BACKLOG_MAX_BYTES = 16 * 1024 * 1024;
const WARN = 40;
const ERROR = 50;

interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

export class RoleLog {
  readonly path: string;
  readonly #name: string;
  #file: WriteStream;
  #bytes: number;
  #lastProblem = '';

  constructor(logsFolder: string, name: string) {
    const folder = join(logsFolder, 'windlass');
    mkdirSync(folder, { recursive: true });
    this.#name = name;
    this.path = join(folder, `${name}.log`);
    this.#bytes = existsSync(this.path) ? statSync(this.path).size : 0;
    this.#file = this.#open();
  }

  /** Takes over what a child writes, line by line. */
  follow(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => this.#take(line));
  }

  /** A line of standalone's own about this role. */
  say(level: 'warn' | 'error', text: string): void {
    this.#print(level, text);
  }

  /** The last warning or error, for the message of a failed start. */
  lastProblem(): string {
    return this.#lastProblem;
  }

  close(): void {
    this.#file.end();
  }

  #take(line: string): void {
    this.#append(`${line}\n`);
    const parsed = parse(line);
    if (parsed === undefined) {
      // Not of our logger: Node's own report of a crash, or a stray print.
      if (/error/i.test(line)) this.#lastProblem ||= line.trim();
      this.#print('warn', line);
      return;
    }
    if ((parsed.level ?? 0) < WARN) return;
    const cause = parsed.err?.message;
    const text = `${parsed.msg ?? ''}${cause !== undefined && !parsed.msg?.includes(cause) ? ` (${cause})` : ''}`;
    this.#lastProblem = text;
    this.#print((parsed.level ?? 0) >= ERROR ? 'error' : 'warn', text);
  }

  #append(text: string): void {
    if (this.#bytes > ROTATE_BYTES) {
      this.#file.end();
      this.#file = this.#open();
    }
    if (this.#file.writableLength > BACKLOG_MAX_BYTES) return; // the disk hangs; what matters is on the terminal
    this.#bytes += text.length;
    this.#file.write(text);
  }

  /** Opens the file; one that is too large becomes `<role>.log.1`, over an older one. */
  #open(): WriteStream {
    if (this.#bytes > ROTATE_BYTES) {
      renameSync(this.path, `${this.path}.1`);
      this.#bytes = 0;
    }
    const file = createWriteStream(this.path, { flags: 'a' });
    file.on('error', (error) => this.#print('warn', `its log cannot be written: ${error.message}`));
    return file;
  }

  #print(level: 'warn' | 'error', text: string): void {
    const color = level === 'error' ? 'red' : 'yellow';
    process.stderr.write(`  ${styleText(color, level === 'error' ? '✗' : '!', { stream: process.stderr })} ${this.#name}: ${text}\n`);
  }
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
