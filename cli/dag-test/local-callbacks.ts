/** Callbacks in `dags test`: called at once, in this process, each once; what they throw is shown and changes nothing. */
import type { CallbackKind, CallbackNames, CallbackReason } from '#core/callbacks.ts';
import type { DagSpec } from '#core/dag-spec.ts';
import type { TaskInstanceState } from '#core/states.ts';
import type { AttemptContext, BodyResult, CallbackCall, RunMessage } from '#core/task-protocol.ts';

export interface LocalCallbackDeps {
  /** Never rejects. */
  readonly run: (message: RunMessage) => Promise<BodyResult>;
  readonly log: (taskId: string, level: 'info' | 'error', text: string) => void;
  readonly now: () => number;
}

type What = Pick<CallbackCall, 'kind' | 'reason' | 'message' | 'error'>;

const AFTER: Readonly<Partial<Record<TaskInstanceState, { readonly kind: CallbackKind; readonly reason: CallbackReason }>>> = {
  success: { kind: 'on_success', reason: 'success' },
  failed: { kind: 'on_failure', reason: 'task_failure' },
  up_for_retry: { kind: 'on_retry', reason: 'retry' },
  skipped: { kind: 'on_skipped', reason: 'skipped' },
};

export class LocalCallbacks {
  readonly #spec: DagSpec;
  readonly #deps: LocalCallbackDeps;
  #last: AttemptContext | null = null;

  constructor(spec: DagSpec, deps: LocalCallbackDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  async afterBody(state: TaskInstanceState, context: AttemptContext, result: BodyResult): Promise<void> {
    this.#last = context;
    const after = AFTER[state];
    const names = this.#spec.tasks.find((task) => task.taskId === context.taskId)?.callbacks;
    if (after === undefined || names === undefined) return;
    const error = result.outcome === 'failed' ? result.error : null;
    const message = result.outcome === 'skipped' ? result.reason : (error?.message ?? null);
    await this.#call(names, { ...after, message, error }, context);
  }

  /** A run in which nothing was started calls nothing. */
  async afterRun(result: { readonly state: 'success' | 'failed'; readonly reason: string | null }): Promise<void> {
    if (this.#last === null || this.#spec.callbacks === undefined) return;
    const isGood = result.state === 'success';
    const what: What = {
      kind: isGood ? 'on_success' : 'on_failure',
      reason: isGood ? 'success' : 'task_failure',
      message: result.reason,
      error: null,
    };
    await this.#call(this.#spec.callbacks, what, { ...this.#last, taskId: '', mapIndex: -1 });
  }

  async #call(names: CallbackNames, what: What, context: AttemptContext): Promise<void> {
    const { run, log, now } = this.#deps;
    const ofTask = context.taskId !== '';
    for (const [position, name] of (names[what.kind] ?? []).entries()) {
      const at = new Date(now()).toISOString();
      const call: CallbackCall = { ...what, slot: 0, position, ofTask, url: '', at, deadline: null, request: null };
      const result = await run({ type: 'run', inputs: {}, context, callback: call });
      if (result.outcome === 'failed') log(ofTask ? context.taskId : 'run', 'error', `callback ${name} failed: ${result.error.message}`);
      else log(ofTask ? context.taskId : 'run', 'info', `callback ${name}: done`);
    }
  }
}
