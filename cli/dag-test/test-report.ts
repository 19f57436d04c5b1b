/** What a person sees of `windlass dags test`: each task as it ends, with the lines it logged under it. */
import { styleText } from 'node:util';
import type { LogLevel } from '#core/task-protocol.ts';
import type { MemoryRunResult, TaskEnd } from './memory-run.ts';

type Style = Parameters<typeof styleText>[0];

const LOOKS: Readonly<Record<string, { readonly mark: string; readonly style: Style }>> = {
  success: { mark: '✓', style: 'green' },
  failed: { mark: '✗', style: 'red' },
  upstream_failed: { mark: '✗', style: 'yellow' },
  skipped: { mark: '–', style: 'dim' },
  up_for_retry: { mark: '↻', style: 'yellow' },
  deferred: { mark: '☾', style: 'cyan' },
  up_for_reschedule: { mark: '…', style: 'cyan' },
};

export interface ReportOptions {
  readonly write: (line: string) => void;
  /** Decides about colour. */
  readonly stream: NodeJS.WritableStream;
}

export class TestReport {
  readonly #options: ReportOptions;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  begin(dagId: string, runId: string): void {
    this.#options.write(`${this.#style('bold', dagId)}  ${this.#style('dim', runId)}`);
  }

  log(taskId: string, level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    const style: Style = level === 'error' ? 'red' : level === 'warning' ? 'yellow' : 'dim';
    const extra = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
    for (const line of `${message}${extra}`.split('\n')) this.#options.write(`│    ${this.#style(style, `${taskId}: ${line}`)}`);
  }

  end(end: TaskEnd): void {
    const look = LOOKS[end.state] ?? { mark: '·', style: 'dim' };
    const name = end.mapIndex < 0 ? end.taskId : `${end.taskId}[${end.mapIndex}]`;
    const again = end.state === 'up_for_retry' ? `try ${end.tryNumber} failed, tried again at once` : end.state;
    const took = end.elapsedMs > 0 ? `  ${this.#style('dim', duration(end.elapsedMs))}` : '';
    const reason = end.reason === null ? '' : `  ${this.#style('dim', end.reason)}`;
    this.#options.write(`├─ ${this.#style(look.style, look.mark)} ${name}  ${this.#style(look.style, again)}${took}${reason}`);
  }

  finish(result: MemoryRunResult, elapsedMs: number): void {
    const look = LOOKS[result.state] ?? { mark: '·', style: 'dim' };
    const reason = result.reason === null ? '' : `  ${result.reason}`;
    this.#options.write(`└─ ${this.#style(look.style, `${look.mark} ${result.state}`)} in ${duration(elapsedMs)}${reason}`);
  }

  #style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#options.stream });
  }
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
