/** What a callback or notifier is told. */
import type { CallbackReason } from '#core/callbacks.ts';
import type { Ctx } from './context.ts';

export interface CallbackError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

// biome-ignore-start lint/suspicious/noExplicitAny: a callback may be shared by DAGs with different params
/** What a callback may know and do: no result, no XCom of its own. */
export type CallbackCtx = Pick<
  Ctx<any>,
  'params' | 'run' | 'signal' | 'log' | 'conn' | 'variable' | 'template' | 'idempotencyKey' | 'macros'
> & {
  readonly xcom: Pick<Ctx<any>['xcom'], 'pull'>;
};
// biome-ignore-end lint/suspicious/noExplicitAny: as above

export interface CallbackEvent {
  /** "success", "task_failure", "timed_out", "retry", "skipped", "deadline_missed" or "required_action". */
  readonly reason: CallbackReason;
  /** In words, as the pages say it; null for a plain success. */
  readonly message: string | null;
  readonly error: CallbackError | null;
  /** Null for what is about the whole run. `attempt` is the try that ended. */
  readonly task: { readonly id: string; readonly attempt: number; readonly mapIndex: number } | null;
  /** The page of it. */
  readonly url: string;
  /** When it happened. */
  readonly at: Date;
  /** A missed deadline. */
  readonly deadline: { readonly name: string; readonly due: Date } | null;
  /** What a person is asked. */
  readonly request: { readonly subject: string; readonly body: string | null; readonly options: readonly string[] } | null;
  /** `ctx.idempotencyKey` is the same each time this callback is called for this event: it is called at least once. */
  readonly ctx: CallbackCtx;
}

/** A function, or a notifier such as `notify.slack({ ... })` of "windlass/providers/notify". */
export type Callback = ((event: CallbackEvent) => unknown) | Notifier;
export type Callbacks = Callback | readonly Callback[];

declare const SEND: unique symbol;
/** Made by `defineNotifier`, or by a provider's notifier. */
export interface Notifier {
  readonly [SEND]: true;
  /** Shown in the UI: "slack", "email". */
  readonly name: string;
}
