/** Which callbacks of a task follow from how an attempt ended. */
import type { CallbackKind, CallbackNames, CallbackReason } from '#core/callbacks.ts';
import type { CallbackToMake, FinishEvent } from '#platform/db/queries/finish-attempts.ts';

const AFTER: Readonly<Partial<Record<FinishEvent, { readonly kind: CallbackKind; readonly reason: CallbackReason }>>> = {
  succeed: { kind: 'on_success', reason: 'success' },
  fail: { kind: 'on_failure', reason: 'task_failure' },
  retry: { kind: 'on_retry', reason: 'retry' },
  // Only a task that asks a person has callbacks for it.
  defer: { kind: 'on_request', reason: 'required_action' },
  skip: { kind: 'on_skipped', reason: 'skipped' },
};

export function callbacksAfter(names: CallbackNames | undefined, event: FinishEvent): readonly CallbackToMake[] {
  const after = AFTER[event];
  if (after === undefined) return [];
  return (names?.[after.kind] ?? []).map((name, position) => ({ ...after, position, name }));
}
