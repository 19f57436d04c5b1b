/** Says how a body ended from what it threw, whatever that was: an Error, a string, null, a hostile Proxy. */
import { parseDuration } from '#core/duration.ts';
import { type ErrorCode, isAppError } from '#core/errors.ts';
import type { BodyResult, ErrorReport } from '#core/task-protocol.ts';
import { brandOf, OUTCOME } from '../brands.ts';
import type { Hook } from '../task-options.ts';

/** `retryPolicy` is the author's; one that fails or says false means no retry helps. */
export function resultOfThrown(thrown: unknown, retryPolicy: Hook): BodyResult {
  const outcome = brandOf(thrown, OUTCOME);
  if (outcome === 'skip') return { outcome: 'skipped', reason: reportOf(thrown).message || 'skipped by the task' };
  const error = reportOf(thrown);
  if (outcome === 'fatal') return { outcome: 'failed', error, retryable: false, retryAfterMs: null };
  if (outcome === 'retry_after') return { outcome: 'failed', error, retryable: true, retryAfterMs: parseDuration(read(thrown, 'delay')) };
  return { outcome: 'failed', error, retryable: deservesRetry(thrown, retryPolicy), retryAfterMs: null };
}

/** Mistakes in the DAG file itself: the next try would make them again. */
const NEVER_RETRIED: ReadonlySet<ErrorCode> = new Set(['XCOM_NOT_JSON', 'XCOM_TOO_LARGE', 'DAG_INVALID', 'TEMPLATE_INVALID']);

function deservesRetry(thrown: unknown, retryPolicy: Hook): boolean {
  try {
    if (isAppError(thrown) && NEVER_RETRIED.has(thrown.code)) return false;
    if (retryPolicy === null) return true;
    return retryPolicy(thrown) !== false;
  } catch {
    return true;
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
