/** Tasks that ask a person: approval, approvalBranch and entry. The body asks and defers; woken by the answer, it judges it. */
import { APPROVAL_LIMITS, checkChoice } from '#core/approval.ts';
import { AppError } from '#core/errors.ts';
import { approvalBody, type Question } from './approval-body.ts';
import { buildBranch } from './build-branch.ts';
import type { Builder } from './builder-types.ts';
import { readCallbackList } from './callback-options.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, type Options, readInput, readOptions } from './make-task.ts';
import * as read from './option-values.ts';
import { makeRef } from './ref.ts';
import { isStandardSchema, jsonSchemaOf, type StandardSchemaV1 } from './standard-schema.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

const ASK_OPTIONS = ['subject', 'body', 'form', 'assignees', 'timeout', 'notify'];
const CHOICE_OPTIONS = [...ASK_OPTIONS, 'options', 'multiple', 'fallback'];
const APPROVAL_OPTIONS = [...CHOICE_OPTIONS, 'rejects', 'failOnReject', 'ignoreDownstreamTriggerRules'];
const BRANCH_OPTIONS = [...CHOICE_OPTIONS, 'optionCases'];

const APPROVE = ['Approve', 'Reject'];
const OK = ['OK'];

type MakeBuilder = (context: BuildContext) => Builder<unknown>;

export function buildApproval(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, input, given] = args;
  const where = `approval "${String(id)}"`;
  const options = checked(where, readOptions('approval', id, given), APPROVAL_OPTIONS);
  const rejects = listOf(where, 'rejects', options['rejects'], options['options'] === undefined ? ['Reject'] : []);
  const failOnReject = optional(where, 'failOnReject', options, read.flag, false);
  const question = readQuestion(where, options, APPROVE, rejects);
  const isGate = rejects.length > 0 && !failOnReject;
  const taskId = makeTask(context, {
    what: 'approval',
    localId: id,
    kind: isGate ? 'gate' : 'task',
    call: 'input',
    body: { run: approvalBody(question, { kind: isGate ? 'gate' : 'plain', rejects }), definition: null },
    input: readInput('approval', id, input),
    options: taskOptions(options, APPROVAL_OPTIONS),
    table: TASK_OPTION_TABLE,
    extra: {
      operator: 'approval',
      ...(isGate && { ignoreDownstreamTriggerRules: optional(where, 'ignoreDownstreamTriggerRules', options, read.flag, false) }),
    },
  });
  return finish(context, taskId, where, options);
}

export function buildEntry(context: BuildContext, args: readonly unknown[]): unknown {
  const [id, input, given] = args;
  const where = `entry "${String(id)}"`;
  const options = checked(where, readOptions('entry', id, given), ASK_OPTIONS);
  if (options['form'] === undefined) throw new AppError('DAG_INVALID', `${where} needs a form: { subject, form: z.object({ ... }) }.`);
  const taskId = makeTask(context, {
    what: 'entry',
    localId: id,
    kind: 'task',
    call: 'input',
    body: { run: approvalBody(readQuestion(where, options, OK, []), { kind: 'plain', rejects: [] }), definition: null },
    input: readInput('entry', id, input),
    options: taskOptions(options, ASK_OPTIONS),
    table: TASK_OPTION_TABLE,
    extra: { operator: 'approval' },
  });
  return finish(context, taskId, where, options);
}

export function buildApprovalBranch(context: BuildContext, makeBuilder: MakeBuilder, args: readonly unknown[]): unknown {
  const { draft } = context;
  const [id, input, given, cases] = args;
  const where = `approvalBranch "${String(id)}"`;
  const options = checked(where, readOptions('approvalBranch', id, given), BRANCH_OPTIONS);
  const names = Object.keys((cases ?? {}) as object);
  const mapping = (options['optionCases'] ?? {}) as Readonly<Record<string, unknown>>;
  const question = readQuestion(where, options, names, []);
  for (const option of question.options) {
    const target = mapping[option] ?? option;
    if (!names.includes(String(target)))
      throw new AppError(
        'DAG_INVALID',
        `Option "${option}" of ${where} leads to ${JSON.stringify(target)}, which is no case. Name it in optionCases. Cases: ${names.join(', ')}.`,
      );
  }
  const caseOf = (option: string) => String(mapping[option] ?? option);
  const run = approvalBody(question, { kind: 'branch', caseOf });
  const made = buildBranch(context, makeBuilder, [id, input, run, cases, taskOptions(options, BRANCH_OPTIONS)]);
  const taskId = draft.scope.prefix + String(id);
  draft.change(taskId, { operator: 'approval' });
  addNotify(context, taskId, where, options);
  return made;
}

function finish(context: BuildContext, taskId: string, where: string, options: Options): unknown {
  addNotify(context, taskId, where, options);
  return makeRef(taskHandle(context.draft, taskId));
}

function addNotify({ draft }: BuildContext, taskId: string, where: string, options: Options): void {
  const notify = readCallbackList(where, 'notify', options['notify']);
  const settings = draft.tasks.get(taskId)?.settings;
  if (notify.length > 0 && settings)
    draft.change(taskId, { settings: { ...settings, callbacks: { ...settings.callbacks, on_request: notify } } });
}

function checked(where: string, options: Options, own: readonly string[]): Options {
  const table: OptionTable = { ...TASK_OPTION_TABLE, ...Object.fromEntries(own.map((name) => [name, 'known' as const])) };
  checkOptions(where, options, table);
  return options;
}

/** What is left for the task itself. */
function taskOptions(options: Options, own: readonly string[]): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !own.includes(name)));
}

function readQuestion(where: string, options: Options, choices: readonly string[], rejects: readonly string[]): Question {
  const all = listOf(where, 'options', options['options'], choices);
  const multiple = optional(where, 'multiple', options, read.flag, false);
  const form = options['form'];
  if (form !== undefined && !isStandardSchema(form))
    throw new AppError('DAG_INVALID', `Option "form" of ${where} must be a schema of an object, like z.object({ note: z.string() }).`);
  const question: Question = {
    where,
    subject: readText(where, 'subject', options['subject']) ?? refuse(where, 'needs a subject: what is a person asked?'),
    body: readText(where, 'body', options['body']),
    options: all,
    multiple,
    defaults: listOf(where, 'fallback', options['fallback'], []),
    assignees: listOf(where, 'assignees', options['assignees'], []),
    timeoutMs: optional(where, 'timeout', options, read.durationMs, null),
    form: (form as StandardSchemaV1 | undefined) ?? null,
    formSchema: form === undefined ? null : readFormSchema(where, form as StandardSchemaV1),
  };
  if (all.length === 0 || all.length > APPROVAL_LIMITS.options || new Set(all).size < all.length || all.some((one) => one === ''))
    refuse(where, `needs 1 to ${APPROVAL_LIMITS.options} different options`);
  for (const [name, list] of [
    ['fallback', question.defaults],
    ['rejects', rejects],
  ] as const) {
    const problem = list.length === 0 ? null : checkChoice({ options: all, multiple: name === 'rejects' || multiple }, list);
    if (problem !== null) refuse(where, `has a wrong "${name}": ${problem}`);
  }
  if (question.defaults.length > 0 && question.timeoutMs === null)
    refuse(where, 'has a fallback but no timeout: without one it waits for ever. Add timeout: "1d"');
  return question;
}

function readFormSchema(where: string, form: StandardSchemaV1): Readonly<Record<string, unknown>> {
  const json = jsonSchemaOf(form) ?? { type: 'object' };
  if (json['type'] !== undefined && json['type'] !== 'object') refuse(where, 'needs a form that is a schema of an object');
  return json;
}

function readText(where: string, name: string, value: unknown): Question['subject'] | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'function') return value as (input: unknown) => unknown;
  return read.text({ where, name }, value);
}

function listOf(where: string, name: string, value: unknown, fallback: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return fallback;
  return read.texts({ where, name }, typeof value === 'string' ? [value] : value);
}

function optional<T, F>(
  where: string,
  name: string,
  options: Options,
  reader: (place: read.Place, value: unknown) => T,
  fallback: F,
): T | F {
  const value = options[name];
  return value === undefined || value === null ? fallback : reader({ where, name }, value);
}

function refuse(where: string, problem: string): never {
  throw new AppError('DAG_INVALID', `${where} ${problem}.`);
}
