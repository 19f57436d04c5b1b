/** The body of a task that asks a person. */
import { APPROVAL_LIMITS, type ApprovalAnswer, type ApprovalRequest } from '#core/approval.ts';
import { formatDuration } from '#core/duration.ts';
import { OUTCOME } from './brands.ts';
import type { Ctx } from './context.ts';
import { Fatal } from './outcomes.ts';
import { now } from './runtime/now.ts';
import { looksLikeTemplate } from './runtime/template/field-tree.ts';
import { type StandardSchemaV1, validateAtOnce, validateWith } from './standard-schema.ts';
import { makeWait } from './waits.ts';

export interface Question {
  /** 'approval "sign_off"'. */
  readonly where: string;
  readonly subject: string | ((input: unknown) => unknown);
  readonly body: string | ((input: unknown) => unknown) | null;
  readonly options: readonly string[];
  readonly multiple: boolean;
  readonly defaults: readonly string[];
  readonly assignees: readonly string[];
  readonly timeoutMs: number | null;
  readonly form: StandardSchemaV1 | null;
  readonly formSchema: Readonly<Record<string, unknown>> | null;
}

/** What follows from an answer. */
export type Consequence =
  | { readonly kind: 'plain' | 'gate'; readonly rejects: readonly string[] }
  | { readonly kind: 'branch'; readonly caseOf: (option: string) => string };

/** What a body returns whose value is one thing and whose decision another; read by `runtime/run-task.ts`. */
export interface Decided {
  readonly [OUTCOME]: 'decided';
  readonly value: unknown;
  /** Names of cases of a branch; for a gate: whether it is open. */
  readonly decision: readonly string[] | boolean;
}

export function approvalBody(question: Question, consequence: Consequence): (...args: unknown[]) => Promise<unknown> {
  return async (input, context) => {
    const ctx = context as Ctx<unknown>;
    return ctx.event === null ? ask(question, input, ctx) : judge(question, consequence, ctx.event.value as ApprovalAnswer, ctx);
  };
}

async function ask(question: Question, input: unknown, ctx: Ctx<unknown>): Promise<unknown> {
  const subject = cut(await textOf(question.subject, input, ctx), APPROVAL_LIMITS.subjectChars);
  const details: ApprovalRequest = {
    body: question.body === null ? null : cut(await textOf(question.body, input, ctx), APPROVAL_LIMITS.bodyChars),
    options: question.options,
    defaults: question.defaults,
    multiple: question.multiple,
    formSchema: question.formSchema,
    formDefaults: defaultsOf(question),
    assignees: question.assignees,
  };
  ctx.log.info(`asks: ${subject}`, { options: question.options.join(', ') });
  const wait = makeWait({ kind: 'answer', args: { subject, details }, everyMs: null });
  return { [OUTCOME]: 'defer', wait, timeout: question.timeoutMs, state: null, onTimeout: onTimeout(question, subject) };
}

/** The fallback answers for the people who did not; without one the task fails. */
function onTimeout({ defaults, timeoutMs }: Question, subject: string): object | null {
  if (timeoutMs === null) return null;
  if (defaults.length > 0) return { end: 'wake', event: { chosen: defaults, form: null, by: null, at: null, timedOut: true } };
  const message = `nobody answered within ${formatDuration(timeoutMs)}: ${subject}`;
  return { end: 'fail', error: { name: 'HITLTimeout', message }, retryable: true };
}

async function judge(question: Question, consequence: Consequence, answer: ApprovalAnswer, ctx: Ctx<unknown>): Promise<unknown> {
  const given = answer.timedOut ? defaultsOf(question) : answer.form;
  const checked = question.form === null ? { ok: true as const, value: {} } : await validateWith(question.form, given);
  // The fallback of a form that cannot be empty: the defaults as they are.
  if (!checked.ok && !answer.timedOut)
    throw new Fatal(`The form of ${question.where} was filled in wrongly: ${checked.problems.join('; ')}.`);
  const [choice] = answer.chosen;
  const value = {
    choice,
    choices: answer.chosen,
    form: checked.ok ? checked.value : given,
    by: answer.by,
    at: answer.at === null ? now() : new Date(answer.at),
    timedOut: answer.timedOut,
  };
  const who = answer.timedOut ? 'nobody answered in time; the fallback counts' : `answered by ${answer.by ?? 'somebody'}`;
  ctx.log.info(`${who}: ${answer.chosen.join(', ')}`);
  if (consequence.kind === 'branch') return decided(value, [...new Set(answer.chosen.map(consequence.caseOf))]);
  const isRejected = answer.chosen.some((option) => consequence.rejects.includes(option));
  if (consequence.kind === 'gate') return decided(value, !isRejected);
  if (isRejected) throw new Fatal(`rejected by ${answer.by ?? 'its fallback'}: ${answer.chosen.join(', ')}`);
  return value;
}

function decided(value: unknown, decision: Decided['decision']): Decided {
  return { [OUTCOME]: 'decided', value, decision };
}

async function textOf(text: Question['subject'], input: unknown, ctx: Ctx<unknown>): Promise<string> {
  if (typeof text === 'function') return String(await text(input));
  return looksLikeTemplate(text) ? ctx.template(text) : text;
}

/** What a field holds before anybody writes into it. */
function defaultsOf({ form, formSchema }: Question): Readonly<Record<string, unknown>> {
  if (form === null) return {};
  const properties = (formSchema?.['properties'] ?? {}) as Readonly<Record<string, { readonly default?: unknown } | null>>;
  const declared = Object.entries(properties).flatMap(([name, property]) =>
    property?.default === undefined ? [] : [[name, property.default] as const],
  );
  const empty = validateAtOnce(form, {});
  return { ...(empty?.ok ? plainObject(empty.value) : {}), ...Object.fromEntries(declared) };
}

function plainObject(value: unknown): Readonly<Record<string, unknown>> {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value ?? {}));
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? (plain as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function cut(text: string, maxChars: number): string {
  const plain = text.replaceAll('\0', '').toWellFormed();
  return plain.length > maxChars ? `${plain.slice(0, maxChars - 1)}…` : plain;
}
