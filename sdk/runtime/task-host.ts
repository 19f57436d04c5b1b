/** What the process around a task body offers it: IPC to the supervisor in a worker, plain calls in `dags test`. */
import type { HeartbeatMessage, LogLevel, RequestBody } from '#core/task-protocol.ts';

export interface TaskHost {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Resolves with the reply's value, rejects with an AppError made of its error. */
  request(body: RequestBody): Promise<unknown>;
  heartbeat(progress: HeartbeatMessage['progress']): void;
  /** Aborts on cancel and timeout. */
  readonly signal: AbortSignal;
}
