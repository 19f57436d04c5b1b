/** The `deadline` option of a DAG: by when a run has to have ended, and who is told when it has not. */
import { AVERAGE_RUNTIME_DEFAULTS, DEADLINE_LIMITS, type DeadlineReferenceSpec, type DeadlineSpec } from '#core/deadline.ts';
import { type Duration, formatDuration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { Callback, Callbacks } from './callback-event.ts';
import { callbackName, readCallbackList } from './callback-options.ts';
import * as read from './option-values.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

export interface AverageRuntime {
  readonly averageRuntime: { readonly maxRuns: number; readonly minRuns: number };
}

/** The average time of the last `maxRuns` ended runs; no deadline while there are fewer than `minRuns` (default: maxRuns). */
export function averageRuntime(options: { maxRuns?: number; minRuns?: number } = {}): AverageRuntime {
  const maxRuns = options.maxRuns ?? AVERAGE_RUNTIME_DEFAULTS.maxRuns;
  return { averageRuntime: { maxRuns, minRuns: options.minRuns ?? maxRuns } };
}

export interface DeadlineOpts {
  /** Shown in the UI; default: what it says ("1 h after queuedAt"). */
  name?: string;
  /** Default 'queuedAt'. A Date or an ISO text is a fixed instant. */
  reference?: 'queuedAt' | 'logicalDate' | Date | `${number}-${string}` | AverageRuntime;
  /** After the reference; negative = before it. */
  within: Duration;
  /** Called once when the run has not ended by then. */
  callback?: Callbacks;
  /** The same; reads better with notifiers. */
  notify?: Callbacks;
}

/** The option made definite, with its functions. */
export interface DeadlineSettings {
  readonly name: string;
  readonly reference: DeadlineReferenceSpec;
  readonly withinMs: number;
  readonly callbacks: readonly Callback[];
}

const TABLE: OptionTable = { name: 'known', reference: 'known', within: 'known', callback: 'known', notify: 'known' };

/** Throws DAG_INVALID. */
export function readDeadlines(where: string, value: unknown): readonly DeadlineSettings[] {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > DEADLINE_LIMITS.perDag)
    throw new AppError('DAG_INVALID', `${where} has ${list.length} deadlines; ${DEADLINE_LIMITS.perDag} are allowed.`);
  return list.map((one, index) => readDeadline(Array.isArray(value) ? `deadline[${index}] of ${where}` : `deadline of ${where}`, one));
}

export function deadlineSpec({ name, reference, withinMs, callbacks }: DeadlineSettings): DeadlineSpec {
  return { name, reference, withinMs, callbacks: callbacks.map(callbackName) };
}

function readDeadline(where: string, value: unknown): DeadlineSettings {
  if (typeof value !== 'object' || value === null)
    throw new AppError('DAG_INVALID', `The ${where} must be an object, like { reference: "queuedAt", within: "1h", callback }.`);
  checkOptions(`the ${where}`, value, TABLE);
  const given = value as Readonly<Record<string, unknown>>;
  const withinMs = signedMs(where, given['within']);
  const reference = readReference(where, given['reference'] ?? 'queuedAt');
  const callbacks = [
    ...readCallbackList(`the ${where}`, 'callback', given['callback']),
    ...readCallbackList(`the ${where}`, 'notify', given['notify']),
  ];
  const name = given['name'] === undefined ? say(reference, withinMs) : read.text({ where: `the ${where}`, name: 'name' }, given['name']);
  return { name, reference, withinMs, callbacks };
}

function readReference(where: string, value: unknown): DeadlineReferenceSpec {
  if (value === 'queuedAt') return { kind: 'queued_at' };
  if (value === 'logicalDate') return { kind: 'logical_date' };
  const average = (value as Partial<AverageRuntime> | null)?.averageRuntime;
  if (typeof average === 'object') {
    const place = (name: string) => ({ where: `the ${where}`, name: `averageRuntime.${name}` });
    const maxRuns = Math.min(read.wholeNumber(place('maxRuns'), average.maxRuns, 1), DEADLINE_LIMITS.maxRuns);
    return { kind: 'average_runtime', maxRuns, minRuns: Math.min(read.wholeNumber(place('minRuns'), average.minRuns, 1), maxRuns) };
  }
  if (value instanceof Date || (typeof value === 'string' && /^\d{4}-/.test(value)))
    return { kind: 'fixed', at: read.instant({ where: `the ${where}`, name: 'reference' }, value) };
  throw new AppError(
    'DAG_INVALID',
    `Option "reference" of the ${where} must be "queuedAt", "logicalDate", a Date, or averageRuntime(), but is ${JSON.stringify(value)}.`,
  );
}

function signedMs(where: string, value: unknown): number {
  const isNegative = typeof value === 'number' ? value < 0 : typeof value === 'string' && value.trim().startsWith('-');
  const size = typeof value === 'number' ? Math.abs(value) : typeof value === 'string' ? value.trim().replace(/^-/, '') : value;
  const ms = parseDuration(size) ?? read.durationMs({ where: `the ${where}`, name: 'within' }, value);
  return isNegative ? -ms : ms;
}

const REFERENCE_WORDS: Readonly<Record<DeadlineReferenceSpec['kind'], string>> = {
  queued_at: 'queuedAt',
  logical_date: 'logicalDate',
  fixed: '',
  average_runtime: 'the average runtime',
};

function say(reference: DeadlineReferenceSpec, withinMs: number): string {
  const from = reference.kind === 'fixed' ? reference.at : REFERENCE_WORDS[reference.kind];
  if (withinMs === 0) return `by ${from}`;
  return `${formatDuration(Math.abs(withinMs))} ${withinMs < 0 ? 'before' : 'after'} ${from}`;
}
