/** The end of an attempt: stop its process, close its log, write the finish, in this order. */

import { formatDuration } from '#core/duration.ts';
import { storable } from '#core/storable.ts';
import type { LogLevel } from '#core/task-protocol.ts';
import { within } from '#platform/clock.ts';
import type { Finish, FinishEvent } from '#platform/db/queries/finish-attempts.ts';
import { END_FIELD } from '#platform/logs/log-line.ts';
import { probe } from '#platform/probes/probe.ts';
import { retryHash } from '#platform/retry-hash.ts';
import { newWaiter } from '#platform/waiting/new-waiter.ts';
import type { LogPump } from '../log-pump.ts';
import type { TaskProcess } from '../task-process.ts';
import type { TaskPlan } from '../version-cache.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptDeps } from './attempt-deps.ts';
import { callbacksAfter } from './callbacks-after.ts';
import { type Decision, decideFinish } from './decide-finish.ts';
import type { Ending } from './ending.ts';
import { maskSamples, withoutSamples } from './mask-samples.ts';
import type { RequestDesk } from './requests.ts';

/** What became of it: the event that was written, or null when the lease was lost. */
export interface Conclusion {
  readonly event: FinishEvent | null;
}

interface Ended {
  readonly attempt: Attempt;
  readonly ending: Ending;
  readonly process: TaskProcess | null;
  readonly plan: TaskPlan | null;
  readonly log: LogPump;
  readonly desk: RequestDesk | null;
}

/** A log that cannot be written holds the pipes up; the process is then not used again. */
const DRAIN_MS = 5_000;
/** A log folder that hangs may not hold up the state. */
const LOG_CLOSE_MS = 3_000;
/** What cannot be prepared here (a full disk) comes straight back: without a pause it would go round thousands of times. */
const NOT_PREPARED_PAUSE_MS = 1_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
const REASON_MAX_CHARS = 1_000;

const LAST_WORDS: Readonly<Record<FinishEvent, { readonly level: LogLevel; readonly words: string }>> = {
  succeed: { level: 'info', words: 'succeeded' },
  fail: { level: 'error', words: 'failed' },
  retry: { level: 'warning', words: 'failed, will be tried again' },
  skip: { level: 'info', words: 'skipped' },
  reschedule: { level: 'info', words: 'not yet' },
  defer: { level: 'info', words: 'deferred' },
  hand_back: { level: 'warning', words: 'handed back' },
};

export async function concludeAttempt(ended: Ended, deps: AttemptDeps): Promise<Conclusion> {
  const { attempt, ending, log } = ended;
  if (ending.kind === 'lease_lost') return abandon(ended, deps, ending.graceMs);
  // The pushes of a body count up to its end.
  const given = ended.desk?.pushed ?? [];
  // It printed nothing and left nothing: what its process says from now on is about the next of its hand.
  if (ending.kind === 'result' && ending.passedOn === true) deps.pool.passOn(ending.ranMs ?? null);
  else await release(ended, deps);
  if (attempt.lost) return abandon({ ...ended, process: null }, deps, 0);

  const { decision, pushed } = await storeLarge(given, ended, masked(decideFinish(ending, factsOf(ended, deps)), deps), deps);
  writeLastLines(ended, decision, deps);
  probe('supervise.before_log_flush');
  const { level, words } = LAST_WORDS[decision.event];
  const ran = formatDuration(deps.clock.monotonic() - attempt.takenAt);
  // Of one whose body never began, its history says why it went back.
  const isUnsaid = decision.event === 'succeed' || (ending.kind === 'stopped' && !ending.begun);
  const closing =
    isUnsaid && log.isSilent
      ? log.forget()
      : log.end(level, `${words} after ${ran}${decision.reason === null ? '' : `: ${decision.reason}`}`, {
          attempt_id: attempt.claimed.attemptId,
          outcome: decision.event,
          // The triggerer goes on writing to it.
          ...(decision.event === 'defer' ? { [END_FIELD]: false } : {}),
        });
  if (closing !== null) await within(deps.clock, LOG_CLOSE_MS, closing, undefined);
  probe('supervise.after_log_flush');
  if (ending.kind === 'not_prepared') await deps.clock.sleep(NOT_PREPARED_PAUSE_MS);
  return writeFinish(ended, { decision, pushed }, deps);
}

/** Kills the process and leaves everything else to whoever holds the lease now. */
async function abandon(ended: Ended, deps: AttemptDeps, graceMs: number): Promise<Conclusion> {
  const { process, log, attempt } = ended;
  // Before it is told anything: those behind it need not end with it.
  if (process !== null && (await process.hasPassedOn(attempt.claimed.attemptId))) return abandon({ ...ended, process: null }, deps, 0);
  process?.listen(null);
  if (graceMs > 0) process?.send({ type: 'cancel', reason: 'stopped' });
  await Promise.all([log.drop(), process?.terminate(graceMs)]);
  if (process) deps.pool.release(process, false);
  probe('supervise.before_confirm_stopped');
  // The process is gone: an instance that was cleared need not wait for the end of the lease.
  await deps.commits.confirmStopped(attempt.claimed);
  return { event: null };
}

/** The process is free for the next attempt then; nothing more is read from it. */
async function release(ended: Ended, deps: AttemptDeps): Promise<void> {
  const { attempt, ending, process } = ended;
  if (ending.kind !== 'result' && process !== null && (await process.hasPassedOn(attempt.claimed.attemptId))) return;
  const reusable = await settleProcess(ended, deps);
  if (process) deps.pool.release(process, reusable);
}

/** Waits until nothing of the body runs and all of its output is in. Returns whether the process can be used again. */
async function settleProcess({ ending, process, desk }: Ended, deps: AttemptDeps): Promise<boolean> {
  if (process === null) return false;
  switch (ending.kind) {
    case 'result': {
      const usable = ending.ends ? process.exited.then(() => false) : process.outputRead().then(() => !process.dead);
      const drained = await within(deps.clock, DRAIN_MS, usable, false);
      // Output of this body that comes later could end up in the log of the next.
      if (!drained) await process.terminate(deps.killGraceMs);
      // Answers that it did not wait for would reach the next body.
      return drained && (desk?.open ?? 0) === 0;
    }
    case 'timed_out':
    case 'memory_exceeded':
    case 'too_many_processes':
    case 'oversized_message':
    case 'garbled_message':
    case 'stopped':
    case 'worker_failed':
      process.send({ type: 'cancel', reason: ending.kind });
      await process.terminate(deps.killGraceMs);
      return false;
    default:
      // It is dead, or the body never began in it.
      return !process.dead;
  }
}

function factsOf({ attempt, plan }: Ended, deps: AttemptDeps) {
  const { claimed, takenAt } = attempt;
  // The clock of the worker's machine may be wrong, and be set right meanwhile.
  const sinceFirstStartMs = claimed.tryAgeMs + deps.clock.monotonic() - takenAt;
  return {
    task: plan?.task ?? null,
    tryNumber: claimed.tryNumber,
    maxTries: claimed.maxTries,
    retryHash: () => retryHash(claimed),
    maxRetryDelayMs: deps.maxRetryDelayMs,
    sinceFirstStartMs,
    xcomMaxBytes: deps.requests.xcomMaxBytes,
  };
}

/** Large values and frames go to the XCom backend first: what Postgres refers to is there. */
async function storeLarge(
  given: Finish['extraXcoms'],
  ended: Ended,
  decision: Decision,
  deps: AttemptDeps,
): Promise<{ readonly decision: Decision; readonly pushed: Finish['extraXcoms'] }> {
  const { large, frames } = deps.requests;
  const { dagRunId } = ended.attempt.claimed;
  try {
    for (const { valueJson } of [...given, decision]) await frames.keep(ended.attempt.claimed, valueJson ?? null);
    const pushed = await Promise.all(
      given.map(async (xcom) => {
        const ref = xcom.valueJson === null ? null : await large.put(dagRunId, xcom.valueJson, xcom.bytes);
        return ref === null ? xcom : { ...xcom, valueJson: null, large: ref };
      }),
    );
    const { valueJson, ...rest } = decision;
    const ref = valueJson === undefined ? null : await large.put(dagRunId, valueJson, decision.bytes ?? 0);
    return { decision: ref === null ? decision : { ...rest, large: ref }, pushed };
  } catch (error) {
    const message = `the result could not be written to the XCom backend: ${(error as Error).message}`;
    const ending = {
      kind: 'result',
      result: { outcome: 'failed', error: { name: 'XcomNotStored', message, stack: '' }, retryable: true, retryAfterMs: null },
    } as const;
    return { decision: masked(decideFinish(ending, factsOf(ended, deps)), deps), pushed: [] };
  }
}

/** Reasons, errors, what checks say and first rows are shown on pages: no secret may be in them. */
function masked(given: Decision, deps: AttemptDeps): Decision {
  const { masker } = deps.requests;
  const hidden = (text: string | null) => (text === null ? null : masker.mask(text));
  const checks = given.checks?.map((check) => ({ ...check, message: hidden(check.message) }));
  const assetEvents =
    given.assetEvents && (deps.assetPreviews ? maskSamples(given.assetEvents, masker) : withoutSamples(given.assetEvents));
  const decision = { ...given, ...(checks !== undefined && { checks }), ...(assetEvents !== undefined && { assetEvents }) };
  const reason = decision.reason === null ? null : storable(masker.mask(decision.reason), REASON_MAX_CHARS);
  if (decision.error === null) return { ...decision, reason };
  const { name, message, stack } = decision.error;
  return { ...decision, reason, error: { name, message: masker.mask(message), stack: masker.mask(stack) } };
}

function writeLastLines({ ending, log }: Ended, decision: Decision, { logger }: AttemptDeps): void {
  const checks = decision.checks ?? [];
  if (checks.length > 0) log.speak();
  for (const check of checks)
    log.system(
      check.passed ? 'info' : 'error',
      `check ${check.name}: ${check.passed ? 'passed' : `failed${check.message === null ? '' : `, ${check.message}`}`}`,
    );
  const error = decision.error;
  if (error !== null && ending.kind === 'result')
    log.system('error', error.stack === '' ? `${error.name}: ${error.message}` : error.stack, { error: error.name });
  logger.debug({ event: 'attempt.ended', ending: ending.kind, outcome: decision.event }, 'attempt ended');
}

async function writeFinish(
  ended: Ended,
  { decision, pushed }: { readonly decision: Decision; readonly pushed: Finish['extraXcoms'] },
  deps: AttemptDeps,
): Promise<Conclusion> {
  const { attempt } = ended;
  const { attemptId, taskInstanceId, leaseEpoch } = attempt.claimed;
  const { waiter, ...rest } = decision;
  const keepsPushed = decision.event !== 'hand_back';
  let finish: Finish = {
    ...rest,
    ...(waiter ? { waiter: newWaiter(deps.requests.secrets, taskInstanceId, waiter, (text) => deps.requests.masker.mask(text)) } : {}),
    attemptId,
    taskInstanceId,
    leaseEpoch,
    pid: ended.process?.pid ?? null,
    extraXcoms: keepsPushed ? pushed : [],
    callbacks: callbacksAfter(ended.plan?.task.callbacks, decision.event),
  };
  for (let waitMs = RETRY_FIRST_MS; !attempt.lost; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
    try {
      const answer = await deps.commits.finish(attempt.claimed, finish);
      if ('accepted' in answer) {
        if (answer.accepted && finish.callbacks.length > 0) deps.onCallbacks();
        if (answer.accepted) return { event: finish.event };
        break;
      }
      finish = unstorable(finish, answer.error as Error, ended.plan);
    } catch (error) {
      deps.logger.warn(
        { event: 'finish.failed', attempt_id: attemptId, err: (error as Error).message },
        'the end of an attempt could not be written yet; trying again',
      );
      await deps.clock.sleep(waitMs);
    }
  }
  // Cleared just as its body ended: nobody else will say that it has.
  await deps.commits.confirmStopped(attempt.claimed);
  return { event: null };
}

/** Postgres refuses the values themselves: the attempt fails, saying so, without them. */
function unstorable(finish: Finish, error: Error, plan: TaskPlan | null): Finish {
  const reason = storable(`the result could not be stored: ${error.message}`, REASON_MAX_CHARS);
  return {
    attemptId: finish.attemptId,
    taskInstanceId: finish.taskInstanceId,
    leaseEpoch: finish.leaseEpoch,
    event: 'fail',
    reason,
    error: { name: 'ResultNotStored', message: reason, stack: '' },
    followed: null,
    mapLengths: {},
    nextTryInMs: null,
    mapLabel: null,
    extraXcoms: [],
    callbacks: callbacksAfter(plan?.task.callbacks, 'fail'),
  };
}
