/**
 * Appends to log files without holding up this process: batches go to a thread of its own, one in flight, and what
 * arrives meanwhile is the next batch. Many short attempts share one hand-over.
 */
import { Worker } from 'node:worker_threads';
import { GroupCommit } from '../service/group-commit.ts';
import type { Append, AppendAnswers } from './append-thread.ts';

export class LogAppender {
  readonly #appends = new GroupCommit<Append, string | null>((batch) => this.#send(batch));
  #thread: Worker | null = null;
  #answer: PromiseWithResolvers<AppendAnswers> | null = null;

  /** Resolves when the text is in the file. Rejects with the disk's words. */
  async append(path: string, text: string): Promise<void> {
    const failure = await this.#appends.add({ path, text });
    if (failure !== null) throw new Error(failure);
  }

  #send(batch: readonly Append[]): Promise<AppendAnswers> {
    this.#answer = Promise.withResolvers<AppendAnswers>();
    this.#thread ??= this.#start();
    const thread = this.#thread;
    // Alive while it works: nobody's last words are lost to an early end of the process.
    thread.ref();
    thread.postMessage(batch);
    return this.#answer.promise;
  }

  #start(): Worker {
    const thread = new Worker(new URL('./append-thread.ts', import.meta.url), { stdout: false, stderr: false });
    thread.on('message', (answers: AppendAnswers) => {
      thread.unref();
      this.#answer?.resolve(answers);
    });
    thread.on('error', (error) => {
      this.#thread = null;
      this.#answer?.reject(error);
    });
    return thread;
  }
}

let shared: LogAppender | undefined;

/** One thread is enough for a process. */
export function sharedLogAppender(): LogAppender {
  shared ??= new LogAppender();
  return shared;
}
