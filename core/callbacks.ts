/**
 * Callbacks: an author's code that runs because something ended, was missed or waits for a person. Each call is
 * a row (`callback_request`), written by the statement that commits what it is about, and made by a worker.
 */

/** What a call is about. The option it comes from is in the two tables below. */
export const CALLBACK_KINDS = ['on_success', 'on_failure', 'on_retry', 'on_skipped', 'on_deadline', 'on_request'] as const;
export type CallbackKind = (typeof CALLBACK_KINDS)[number];

/** Option of a task -> kind. */
export const TASK_CALLBACK_OPTIONS = {
  onSuccessCallback: 'on_success',
  onFailureCallback: 'on_failure',
  onRetryCallback: 'on_retry',
  onSkippedCallback: 'on_skipped',
} as const satisfies Record<string, CallbackKind>;

/** Option of a DAG -> kind. */
export const DAG_CALLBACK_OPTIONS = {
  onSuccessCallback: 'on_success',
  onFailureCallback: 'on_failure',
} as const satisfies Record<string, CallbackKind>;

/** Names of the callbacks of each kind, in the author's order: a call names its code by kind and position. */
export type CallbackNames = Readonly<Partial<Record<CallbackKind, readonly string[]>>>;

export const CALLBACK_STATES = ['pending', 'running', 'success', 'failed'] as const;
export type CallbackState = (typeof CALLBACK_STATES)[number];

/** Why a callback is called: Airflow's words. */
export type CallbackReason = 'success' | 'task_failure' | 'timed_out' | 'retry' | 'skipped' | 'deadline_missed' | 'required_action';

export const CALLBACK_LIMITS = {
  /** Of one option. */
  perOption: 20,
  /** A call that failed so often is given up. */
  triesMax: 5,
  /** One call may take so long. */
  timeoutMs: 300_000,
  nameChars: 100,
} as const;

const FIRST_WAIT_MS = 5_000;
const WAIT_FACTOR = 4;

/** How long a call waits after its try number `tries` failed, or null when it is given up: 5 s, 20 s, 80 s, 320 s. */
export function callbackRetryMs(tries: number): number | null {
  return tries >= CALLBACK_LIMITS.triesMax ? null : FIRST_WAIT_MS * WAIT_FACTOR ** (tries - 1);
}
