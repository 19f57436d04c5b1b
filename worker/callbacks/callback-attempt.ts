/**
 * One try of one call: a task process, a log, a time limit. It ends with its result, the end of its process, the
 * limit, a stop or a lost lease, whichever is first. Nothing here touches the run or the instance it is about.
 */
import { CALLBACK_LIMITS } from '#core/callbacks.ts';
import { formatDuration } from '#core/duration.ts';
import { isAppError } from '#core/errors.ts';
import { storable } from '#core/storable.ts';
import type { BodyResult, ErrorReport, FromTaskProcess, ReplyMessage, RequestMessage } from '#core/task-protocol.ts';
import { within } from '#platform/clock.ts';
import type { ClaimedCallback } from '#platform/db/queries/callbacks/claim-callbacks.ts';
import { callbackLogPath } from '#platform/logs/log-path.ts';
import { LogPump } from '../log-pump.ts';
import type { AttemptDeps } from '../supervisor/attempt-deps.ts';
import { explain, explainCrash } from '../supervisor/ending.ts';
import { RequestDesk } from '../supervisor/requests.ts';
import type { TaskProcess } from '../task-process.ts';
import { attemptIdOf, callbackMessage } from './callback-message.ts';

/** How a try ended. A stopped one is made again elsewhere at no cost; after a lost lease nothing is written. */
export type CallbackEnd =
  | { readonly kind: 'success' }
  | { readonly kind: 'failed'; readonly failure: ErrorReport; readonly retryable: boolean }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'lost' };

const DRAIN_MS = 5_000;
const LOG_CLOSE_MS = 3_000;
const TEXT_MAX_CHARS = 2_000;

export class CallbackAttempt {
  readonly claimed: ClaimedCallback;
  readonly #deps: AttemptDeps;
  readonly #log: LogPump;
  readonly #ended = Promise.withResolvers<CallbackEnd>();
  #settled = false;
  #process: TaskProcess | null = null;
  /** The process said that it ends. */
  #ends = false;

  constructor(claimed: ClaimedCallback, deps: AttemptDeps) {
    this.claimed = claimed;
    this.#deps = deps;
    this.#log = new LogPump({
      path: callbackLogPath(deps.logsFolder, claimed),
      maxBytes: deps.logMaxBytes,
      clock: deps.clock,
      masker: deps.requests.masker,
      onBackPressure: (wait) => this.#process?.setReading(!wait),
      onError: (error) =>
        deps.logger.error(
          { event: 'callback_log.write_failed', callback_id: claimed.callbackId, err: error.message },
          'the log of a callback cannot be written; it goes on without one',
        ),
    });
  }

  /** Makes the call. Never rejects. */
  async live(liveMs: number): Promise<CallbackEnd> {
    const { clock } = this.#deps;
    this.#start(liveMs).catch((error: unknown) => this.#settle(unprepared(error)));
    const timer = clock.after(CALLBACK_LIMITS.timeoutMs, () =>
      this.#settle(failed(explain('CallbackTimeout', `it took longer than ${formatDuration(CALLBACK_LIMITS.timeoutMs)}`).error, true)),
    );
    const end = this.#masked(await this.#ended.promise);
    timer.cancel();
    await this.#release(end);
    await this.#closeLog(end);
    return end;
  }

  /** The lease was renewed: the process may live on. */
  allow(liveMs: number): void {
    this.#process?.allow(liveMs);
  }

  stop(kind: 'stopped' | 'lost'): void {
    this.#settle({ kind });
  }

  async #start(liveMs: number): Promise<void> {
    const { claimed } = this;
    const { versions, bundles, scratch, pool, requests, baseUrl, workerId, memoryMb } = this.#deps;
    const [version, bundleFile, scratchFolder] = await Promise.all([
      versions.version(claimed.versionId),
      bundles.file(claimed.bundleHash),
      scratch.of(claimed.dagId, claimed.runId),
    ]);
    if (this.#settled) return;
    const process = await pool.acquireBeside({ hash: claimed.bundleHash, file: bundleFile });
    if (this.#settled) {
      pool.release(process, true);
      return;
    }
    this.#process = process;
    const desk = new RequestDesk(requests, { dagRunId: claimed.dagRunId, dagId: claimed.dagId, runId: claimed.runId }, version);
    void process.exited.then((exit) =>
      this.#settle(failed(explainCrash({ kind: 'crashed', exit, stderrTail: this.#log.stderrTail, memoryMb }).error, true)),
    );
    this.#log.system(
      'info',
      `${claimed.kind} callback ${claimed.name}: try ${claimed.tries} of ${CALLBACK_LIMITS.triesMax} on ${workerId}`,
    );
    process.listen({
      onMessage: (message) => this.#onMessage(message, process, desk),
      onOutput: (source, bytes) => this.#log.output(source, bytes),
      onOversizedMessage: () => this.#settle(failed(explain('ProtocolBroken', 'the callback said more than it may').error, true)),
      onGarbledMessage: () =>
        this.#settle(failed(explain('ProtocolBroken', 'the task process said something that Windlass does not understand').error, true)),
    });
    process.allow(liveMs);
    process.send(callbackMessage(claimed, version.spec, { scratchFolder, baseUrl }));
  }

  #onMessage(message: FromTaskProcess, process: TaskProcess, desk: RequestDesk): void {
    switch (message.type) {
      case 'log':
        this.#log.task(message.level, message.message, message.fields ?? {});
        return;
      case 'request':
        void answer(desk, message).then((reply) => process.send(reply));
        return;
      case 'result':
        if (message.attemptId !== attemptIdOf(this.claimed)) return;
        this.#ends = message.ends === true;
        this.#settle(endOf(message.result));
        return;
      default:
        // A callback has no progress, and its process keeps the rest to itself.
        return;
    }
  }

  #settle(end: CallbackEnd): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#ended.resolve(end);
  }

  async #release(end: CallbackEnd): Promise<void> {
    const process = this.#process;
    if (process === null) return;
    const { clock, pool, killGraceMs } = this.#deps;
    const hasSpoken = !process.dead && (end.kind === 'success' || end.kind === 'failed');
    const drained =
      hasSpoken &&
      !this.#ends &&
      (await within(
        clock,
        DRAIN_MS,
        process.outputRead().then(() => !process.dead),
        false,
      ));
    if (!drained) await process.terminate(killGraceMs);
    pool.release(process, drained);
  }

  async #closeLog(end: CallbackEnd): Promise<void> {
    const words = { success: 'done', failed: 'failed', stopped: 'stopped with its worker; it is called again', lost: 'the lease was lost' };
    if (end.kind === 'failed') this.#log.system('error', end.failure.stack || `${end.failure.name}: ${end.failure.message}`);
    const closing = this.#log.end(end.kind === 'success' ? 'info' : 'error', words[end.kind], { outcome: end.kind });
    await within(this.#deps.clock, LOG_CLOSE_MS, closing, undefined);
  }

  /** What is stored is shown on pages. */
  #masked(end: CallbackEnd): CallbackEnd {
    if (end.kind !== 'failed') return end;
    const { masker } = this.#deps.requests;
    const clean = (text: string) => storable(masker.mask(text), TEXT_MAX_CHARS);
    const { name, message, stack } = end.failure;
    return { ...end, failure: { name: clean(name), message: clean(message), stack: clean(stack) } };
  }
}

/** A callback has no XComs of its own, and changes nothing. */
async function answer(desk: RequestDesk, message: RequestMessage): Promise<ReplyMessage> {
  const { requestId, body } = message;
  if (body.what === 'connection' || body.what === 'variable' || body.what === 'xcom_pull') return desk.answer(message);
  return { type: 'reply', requestId, error: { code: 'BAD_REQUEST', message: 'A callback cannot do that: only a task can.' } };
}

function endOf(result: BodyResult): CallbackEnd {
  switch (result.outcome) {
    case 'failed':
      return failed(result.error, result.retryable);
    case 'skipped':
    case 'success':
      return { kind: 'success' };
    default:
      return failed(explain('CallbackMisused', `a callback cannot ${result.outcome}`).error, false);
  }
}

function failed(failure: ErrorReport, retryable: boolean): CallbackEnd {
  return { kind: 'failed', failure, retryable };
}

function unprepared(error: unknown): CallbackEnd {
  const isGone = isAppError(error) && error.code === 'NOT_FOUND';
  return failed(explain('NotPrepared', `the call could not be prepared: ${(error as Error).message}`).error, !isGone);
}
