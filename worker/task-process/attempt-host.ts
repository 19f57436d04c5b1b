/** What a body can reach of the outside: its supervisor, over the channel, while its attempt lasts. */
import { AppError, ERRORS, type ErrorCode } from '#core/errors.ts';
import type { HeartbeatMessage, LogLevel, ReplyMessage, RequestBody } from '#core/task-protocol.ts';
import type { TaskHost } from '#sdk/runtime/task-host.ts';
import type { Channel } from './channel.ts';

/** The worker cuts there; a whole message of this would be refused. */
const LOG_MAX_CHARS = 64 * 1024;

export class AttemptHost implements TaskHost {
  readonly #channel: Channel;
  readonly #cancel = new AbortController();
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #nextRequestId: () => number;
  #open = true;

  /** Request ids never repeat in a process, so that a late reply finds nobody. */
  constructor(channel: Channel, nextRequestId: () => number) {
    this.#channel = channel;
    this.#nextRequestId = nextRequestId;
  }

  /** Questions that nobody has answered yet. */
  get asked(): number {
    return this.#waiting.size;
  }

  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (!this.#open) return;
    void this.#channel.send({ type: 'log', level, message: message.slice(0, LOG_MAX_CHARS), ...(fields === undefined ? {} : { fields }) });
  }

  heartbeat(progress: HeartbeatMessage['progress']): void {
    if (this.#open) void this.#channel.send({ type: 'heartbeat', progress });
  }

  request(body: RequestBody): Promise<unknown> {
    if (!this.#open) return Promise.reject(new AppError('CONFLICT', 'The attempt has ended: await everything before the task returns.'));
    const requestId = this.#nextRequestId();
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
      void this.#channel.send({ type: 'request', requestId, body });
    });
  }

  reply({ requestId, value, error }: ReplyMessage): void {
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new AppError(Object.hasOwn(ERRORS, error.code) ? (error.code as ErrorCode) : 'INTERNAL', error.message));
  }

  cancel(reason: string): void {
    this.#cancel.abort(new Error(`the attempt was cancelled: ${reason}`));
  }

  /** What the body left running can say nothing any more. */
  close(): void {
    this.#open = false;
    this.#waiting.clear();
  }
}
