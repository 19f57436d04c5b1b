/** Which error deserves another try, and when: a table of rules, functions, or a chain of such policies. */
import { type Duration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';

export type RetryAction = 'retry' | 'fail' | 'default' | 'reschedule';

// biome-ignore lint/suspicious/noExplicitAny: any class of errors, whatever its constructor takes
export type ErrorClass = abstract new (...args: any[]) => Error;

export interface RetryRule {
  /** A class of errors, a name of one, a pattern of its message, or a function. Causes of the error are looked at, too. */
  readonly match: ErrorClass | string | RegExp | ((error: unknown) => boolean);
  /**
   * retry: as long as tries are left. fail: at once. default: as without a policy. reschedule: run again later, which
   * costs no try.
   */
  readonly action: RetryAction;
  /** retry, reschedule: instead of the task's retryDelay. */
  readonly delay?: Duration;
}

/** true: retry; false: fail; nothing: the next policy of the chain decides. */
export type RetryVerdict = boolean | RetryAction | { readonly action: RetryAction; readonly delay?: Duration } | null | undefined;

/**
 * The first rule that matches decides. A list in a list is a policy of its own: what it leaves at "default" goes on to the
 * next of the chain.
 */
export type RetryPolicy = RetryRule | ((error: unknown) => RetryVerdict) | readonly RetryPolicy[];

export interface RetryDecision {
  readonly action: RetryAction;
  readonly delayMs: number | null;
}

const ACTIONS: readonly string[] = ['retry', 'fail', 'default', 'reschedule'];
const DEFAULT: RetryDecision = { action: 'default', delayMs: null };
const CAUSES_MAX = 10;

/** Throws DAG_INVALID naming the option and the rule. */
export function readRetryPolicy({ where, name }: { readonly where: string; readonly name: string }, value: unknown): RetryPolicy {
  const refuse = (what: string): never => {
    throw new AppError('DAG_INVALID', `Option "${name}" of ${where} ${what}.`);
  };
  if (Array.isArray(value)) {
    value.forEach((entry, index) => {
      readRetryPolicy({ where, name: `${name}[${index}]` }, entry);
    });
    return value as readonly RetryPolicy[];
  }
  if (typeof value === 'function') return value as (error: unknown) => RetryVerdict;
  if (typeof value !== 'object' || value === null) return refuse('must be a function, a rule { match, action, delay } or a list of these');
  const { match, action, delay, ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return refuse(`has the unknown key "${unknown}". Known: match, action, delay`);
  if (typeof match !== 'function' && typeof match !== 'string' && !(match instanceof RegExp))
    return refuse('needs a match: a class of errors, its name, a RegExp or a function');
  if (typeof action !== 'string' || !ACTIONS.includes(action)) return refuse(`needs an action, one of ${ACTIONS.join(', ')}`);
  if (delay !== undefined && parseDuration(delay) === null) return refuse('has a delay that is no duration like "30s" or "5m"');
  return value as RetryRule;
}

/** What the policy says of an error. A policy that fails itself says nothing. Never throws. */
export function decideRetry(policy: RetryPolicy | null, error: unknown): RetryDecision {
  try {
    return policy === null ? DEFAULT : (ask(policy, error) ?? DEFAULT);
  } catch {
    return DEFAULT;
  }
}

/** Null: it has nothing to say. */
function ask(policy: RetryPolicy, error: unknown): RetryDecision | null {
  if (typeof policy === 'function') return verdictOf(policy(error));
  if (!Array.isArray(policy)) return askRule(policy as RetryRule, error);
  for (const entry of policy as readonly RetryPolicy[]) {
    const found = ask(entry, error);
    if (found === null || (found.action === 'default' && Array.isArray(entry))) continue;
    return found;
  }
  return null;
}

function askRule({ match, action, delay }: RetryRule, error: unknown): RetryDecision | null {
  return causesOf(error).some((one) => matches(match, one)) ? { action, delayMs: delayOf(delay) } : null;
}

function verdictOf(verdict: RetryVerdict): RetryDecision | null {
  if (verdict === undefined || verdict === null) return null;
  if (typeof verdict === 'boolean') return { action: verdict ? 'retry' : 'fail', delayMs: null };
  const { action, delay } = typeof verdict === 'string' ? { action: verdict, delay: undefined } : verdict;
  return ACTIONS.includes(action) ? { action, delayMs: delayOf(delay) } : null;
}

function matches(match: RetryRule['match'], error: unknown): boolean {
  if (typeof match === 'string') return namesOf(error).includes(match);
  if (match instanceof RegExp) return new RegExp(match.source, match.flags.replace(/[gy]/g, '')).test(textOf(error));
  if (match === Error || match.prototype instanceof Error) return error instanceof match;
  return (match as (error: unknown) => boolean)(error) === true;
}

/** Its own name and those of its classes. */
function namesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  if (typeof error !== 'object' || error === null) return names;
  names.push(String((error as { name?: unknown }).name));
  for (let made: unknown = Object.getPrototypeOf(error); made !== null; made = Object.getPrototypeOf(made))
    names.push(String((made as { constructor?: { name?: unknown } }).constructor?.name));
  return names;
}

function textOf(error: unknown): string {
  return typeof error === 'object' && error !== null ? String((error as { message?: unknown }).message ?? '') : String(error);
}

/** The error, and what caused it, nearest first. Never throws. */
export function causesOf(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && found.length < CAUSES_MAX && !found.includes(one); ) {
    found.push(one);
    try {
      one = (one as { cause?: unknown }).cause;
    } catch {
      break;
    }
  }
  return found;
}

function delayOf(delay: Duration | undefined): number | null {
  return delay === undefined ? null : parseDuration(delay);
}
