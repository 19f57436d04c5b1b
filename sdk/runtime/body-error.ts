/** Says how a body ended from what it threw, whatever that was: an Error, a string, null, a hostile Proxy. */
import { parseDuration } from '#core/duration.ts';
import { type ErrorCode, isAppError } from '#core/errors.ts';
import type { BodyResult, ErrorReport } from '#core/task-protocol.ts';
import { brandOf, OUTCOME } from '../brands.ts';
import { causesOf, decideRetry, type RetryPolicy } from '../retry-policy.ts';

/**
 * `retryPolicy` is the author's. Fatal, Skip and RetryAfter count also where they are the cause of what was thrown. For
 * `reschedule` without a delay of its own, `retryDelayMs` is waited.
 */
export function resultOfThrown(thrown: unknown, retryPolicy: RetryPolicy | null, retryDelayMs = 0): BodyResult {
  const said = causesOf(thrown).find((cause) => OUTCOMES.has(brandOf(cause, OUTCOME) as string));
  const outcome = brandOf(said, OUTCOME);
  if (outcome === 'skip') return { outcome: 'skipped', reason: reportOf(said).message || 'skipped by the task' };
  const error = reportOf(thrown);
  if (outcome === 'fatal') return { outcome: 'failed', error, retryable: false, retryAfterMs: null };
  if (outcome === 'retry_after') return { outcome: 'failed', error, retryable: true, retryAfterMs: parseDuration(read(said, 'delay')) };
  if (isMistake(thrown)) return { outcome: 'failed', error, retryable: false, retryAfterMs: null };
  const { action, delayMs } = decideRetry(retryPolicy, thrown);
  if (action === 'reschedule')
    return {
      outcome: 'reschedule',
      afterMs: delayMs ?? retryDelayMs,
      note: `${error.name}: ${error.message} (rescheduled by its retryPolicy)`,
    };
  return { outcome: 'failed', error, retryable: action !== 'fail', retryAfterMs: action === 'retry' ? delayMs : null };
}

const OUTCOMES: ReadonlySet<string> = new Set(['skip', 'fatal', 'retry_after']);
/** Mistakes in the DAG file itself: the next try would make them again. */
const NEVER_RETRIED: ReadonlySet<ErrorCode> = new Set(['XCOM_NOT_JSON', 'XCOM_TOO_LARGE', 'DAG_INVALID', 'TEMPLATE_INVALID']);

function isMistake(thrown: unknown): boolean {
  try {
    return isAppError(thrown) && NEVER_RETRIED.has(thrown.code);
  } catch {
    return false;
  }
}

/** Never throws. Causes are part of the stack, as Node prints them. */
export function reportOf(thrown: unknown): ErrorReport {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
    const shown = String(thrown).slice(0, TEXT_MAX_CHARS);
    return {
      name: 'Error',
      message: `the task threw ${typeof thrown === 'string' ? 'a text' : 'a value'} instead of an Error: ${shown}`,
      stack: '',
    };
  }
  const name = textOf(thrown, 'name') || 'Error';
  const message = textOf(thrown, 'message');
  const stack = textOf(thrown, 'stack');
  const cause = read(thrown, 'cause');
  const causes = cause === undefined || cause === thrown ? '' : `\nCaused by: ${causeText(cause, 5)}`;
  return {
    name,
    message: message || (stack === '' ? 'the task threw something that is not an Error' : name),
    stack: `${stack || `${name}: ${message}`}${causes}`,
  };
}

function causeText(cause: unknown, levels: number): string {
  if ((typeof cause !== 'object' && typeof cause !== 'function') || cause === null) return String(cause);
  const own = textOf(cause, 'stack') || textOf(cause, 'message');
  const next = read(cause, 'cause');
  return next === undefined || levels === 0 ? own : `${own}\nCaused by: ${causeText(next, levels - 1)}`;
}

function read(value: unknown, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** The worker cuts there too; a longer report would be refused whole, as a result that is too large. */
const TEXT_MAX_CHARS = 64 * 1024;

function textOf(value: object, key: string): string {
  const found = read(value, key);
  return typeof found === 'string' ? found.slice(0, TEXT_MAX_CHARS) : '';
}
