/** Reads callback options and the hooks around a body: one function, one notifier, or a list of them. */
import { CALLBACK_LIMITS, type CallbackKind, type CallbackNames } from '#core/callbacks.ts';
import { AppError } from '#core/errors.ts';
import { brandOf, NOTIFIER } from './brands.ts';
import type { Callback, Notifier } from './callback-event.ts';
import type { OptionTable } from './unknown-option.ts';

export type CallbackLists = Readonly<Partial<Record<CallbackKind, readonly Callback[]>>>;

/** Functions around a body, in the author's order. */
export interface BodyHooks {
  readonly preExecute: readonly ((...args: unknown[]) => unknown)[];
  readonly onExecute: readonly Callback[];
  readonly postExecute: readonly ((...args: unknown[]) => unknown)[];
  readonly onKill: readonly ((...args: unknown[]) => unknown)[];
}

export const BODY_HOOK_TABLE: OptionTable = { onExecuteCallback: 'known', preExecute: 'known', postExecute: 'known', onKill: 'known' };

type Given = Readonly<Record<string, unknown>>;

/** Returns the callbacks of those options that are given, or null. Throws DAG_INVALID. */
export function readCallbacks(where: string, given: Given, options: Readonly<Record<string, CallbackKind>>): CallbackLists | null {
  const lists: Partial<Record<CallbackKind, readonly Callback[]>> = {};
  for (const [name, kind] of Object.entries(options)) {
    const list = readCallbackList(where, name, given[name]);
    if (list.length > 0) lists[kind] = list;
  }
  return Object.keys(lists).length === 0 ? null : lists;
}

export function readCallbackList(where: string, name: string, value: unknown): readonly Callback[] {
  const list = listOf(value);
  if (list.length > CALLBACK_LIMITS.perOption)
    throw new AppError(
      'DAG_INVALID',
      `Option "${name}" of ${where} has ${list.length} callbacks; ${CALLBACK_LIMITS.perOption} are allowed.`,
    );
  for (const one of list)
    if (typeof one !== 'function' && brandOf(one, NOTIFIER) === undefined)
      throw new AppError(
        'DAG_INVALID',
        `Option "${name}" of ${where} must be a function, a notifier like notify.slack({ ... }), or a list of them.`,
      );
  return list as readonly Callback[];
}

/** Returns null when there are none. Throws DAG_INVALID. */
export function readBodyHooks(where: string, given: Given): BodyHooks | null {
  const functions = (name: string) =>
    listOf(given[name]).map((one) => {
      if (typeof one === 'function') return one as (...args: unknown[]) => unknown;
      throw new AppError('DAG_INVALID', `Option "${name}" of ${where} must be a function or a list of functions.`);
    });
  const hooks: BodyHooks = {
    preExecute: functions('preExecute'),
    onExecute: readCallbackList(where, 'onExecuteCallback', given['onExecuteCallback']),
    postExecute: functions('postExecute'),
    onKill: functions('onKill'),
  };
  return Object.values(hooks).every((list) => list.length === 0) ? null : hooks;
}

/** What the rest of Windlass knows of them. */
export function namesOf(lists: CallbackLists | null | undefined): CallbackNames | null {
  if (!lists) return null;
  return Object.fromEntries(Object.entries(lists).map(([kind, list]) => [kind, list.map(callbackName)]));
}

/** A notifier's name, a function's own name, or "function". */
export function callbackName(callback: Callback): string {
  const name = brandOf(callback, NOTIFIER) === undefined ? (callback as { name?: unknown }).name : (callback as Notifier).name;
  const text = typeof name === 'string' ? name.replaceAll('\0', '').toWellFormed().slice(0, CALLBACK_LIMITS.nameChars) : '';
  return text === '' || /^on[A-Z]\w*Callback$/.test(text) ? 'function' : text;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
