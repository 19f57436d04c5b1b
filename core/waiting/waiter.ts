/**
 * What a deferred task instance waits for, as plain data. A waiter is a row: a triggerer looks at it, or somebody
 * answers it, and no code of the author runs until the task is resumed. The first answer wins.
 */
import { formatDuration } from '../duration.ts';
import { checkArgs, type WaiterArgs, type WaiterKind, waiterKinds, wordsOf } from './kinds.ts';

/** How a wait ends. */
export type WaiterEnd =
  /** The task is queued again, and its body gets the event as `ctx.event`. */
  | { readonly end: 'wake'; readonly event: unknown }
  /** Without a worker: the value (encoded by `sdk/runtime/value-codec.ts`) is the task's result. */
  | { readonly end: 'succeed'; readonly value?: unknown; readonly reason?: string }
  | { readonly end: 'fail'; readonly error: { readonly name: string; readonly message: string }; readonly retryable: boolean }
  | { readonly end: 'skip'; readonly reason: string };

export interface Waiter<Kind extends WaiterKind = WaiterKind> {
  readonly kind: Kind;
  readonly args: WaiterArgs;
  /** From the start of the wait; null = for ever. */
  readonly timeoutMs: number | null;
  /** What the time limit ends it with; null = a failure of the name DeferralTimeout, which may be tried again. */
  readonly onTimeout: WaiterEnd | null;
  /** What is found ends it so: 'wake' hands it to the body, 'succeed' makes it the result. */
  readonly onFound: 'wake' | 'succeed';
  /** A failure skips the task instead. */
  readonly softFail: boolean;
  /** Between two looks; null = as the kind likes. Times and answers need none. */
  readonly everyMs: number | null;
  /** Handed back to the body as `ctx.event.state`. */
  readonly state: unknown;
}

/** What a resumed body is told. */
export interface Resumed {
  readonly event: unknown;
  readonly state: unknown;
}

export const WAITER_LIMITS = { bytes: 64 * 1024, timeoutMs: 366 * 86_400_000 } as const;

type Fields = Readonly<Record<string, unknown>>;

/** Checks what a stranger says is a waiter. Returns it, or what is wrong with it. */
export function parseWaiter(value: unknown): { readonly waiter: Waiter } | { readonly problem: string } {
  if (!isFields(value)) return { problem: 'a waiter must be an object' };
  const { kind, args, timeoutMs = null, onTimeout = null, onFound = 'wake', softFail = false, everyMs = null, state = null } = value;
  if (typeof kind !== 'string' || !waiterKinds.includes(kind as WaiterKind))
    return { problem: `there is no waiter of the kind ${JSON.stringify(kind)}; there are ${waiterKinds.join(', ')}` };
  if (!isFields(args)) return { problem: `the args of a waiter of the kind ${kind} must be an object` };
  const wrong = checkArgs(kind as WaiterKind, args);
  if (wrong !== null) return { problem: wrong };
  if (timeoutMs !== null && !isMs(timeoutMs)) return { problem: 'the timeout of a waiter must be null or milliseconds' };
  if (everyMs !== null && !isMs(everyMs)) return { problem: 'the interval of a waiter must be null or milliseconds' };
  if (onFound !== 'wake' && onFound !== 'succeed') return { problem: 'a waiter ends with "wake" or "succeed"' };
  if (onTimeout !== null && !isEnd(onTimeout)) return { problem: 'onTimeout of a waiter must be null or the end of a wait' };
  const waiter: Waiter = { kind: kind as WaiterKind, args, timeoutMs, onTimeout, onFound, softFail: softFail === true, everyMs, state };
  if (JSON.stringify(waiter).length > WAITER_LIMITS.bytes)
    return { problem: `a waiter may have at most ${WAITER_LIMITS.bytes / 1024} KiB as JSON` };
  return { waiter };
}

/** "the time 2026-01-31T06:00:00Z", "the file /data/in.csv": after "waits for". */
export function describeWaiter(waiter: Pick<Waiter, 'kind' | 'args' | 'timeoutMs'>): string {
  const limit = waiter.timeoutMs === null || waiter.kind === 'time' ? '' : `, at most ${formatDuration(waiter.timeoutMs)}`;
  return `${wordsOf(waiter.kind, waiter.args)}${limit}`;
}

/** The end that the time limit brings. */
export function timeoutEnd(waiter: Pick<Waiter, 'timeoutMs' | 'onTimeout' | 'softFail'>, words: string): WaiterEnd {
  if (waiter.onTimeout !== null) return softened(waiter.onTimeout, waiter.softFail);
  const after = waiter.timeoutMs === null ? '' : ` after ${formatDuration(waiter.timeoutMs)}`;
  const message = `the wait timed out${after}: ${words}`;
  return softened({ end: 'fail', error: { name: 'DeferralTimeout', message }, retryable: true }, waiter.softFail);
}

/** `softFail`: what would fail skips. */
export function softened(end: WaiterEnd, softFail: boolean): WaiterEnd {
  return softFail && end.end === 'fail' ? { end: 'skip', reason: end.error.message } : end;
}

function isEnd(value: unknown): value is WaiterEnd {
  if (!isFields(value)) return false;
  const error = value['error'];
  switch (value['end']) {
    case 'wake':
    case 'succeed':
      return true;
    case 'skip':
      return typeof value['reason'] === 'string';
    case 'fail':
      return (
        isFields(error) &&
        typeof error['name'] === 'string' &&
        typeof error['message'] === 'string' &&
        typeof value['retryable'] === 'boolean'
      );
    default:
      return false;
  }
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= WAITER_LIMITS.timeoutMs;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
