/** Takes a person's answer to a task's question: checked, written once, and the task woken, in one transaction. */
import { APPROVAL_LIMITS, type ApprovalAnswer, checkChoice } from '#core/approval.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { ApprovalRow } from '#platform/db/queries/approvals/approval-row.ts';
import { findApproval } from '#platform/db/queries/approvals/find-approval.ts';
import { writeAnswer } from '#platform/db/queries/approvals/write-answer.ts';
import type { Resolved } from '#platform/db/queries/waiting/resolve-waiters.ts';
import { ParamsCheck } from '#platform/params-check.ts';
import { endWaits } from '#platform/waiting/end-waits.ts';

export interface GivenAnswer {
  readonly chosen: readonly string[];
  readonly form: Readonly<Record<string, unknown>>;
  /** Name of the user. */
  readonly by: string;
}

export interface TakenAnswer {
  readonly at: Date;
  readonly form: Readonly<Record<string, unknown>>;
  /** For the doorbells, after the commit. */
  readonly resolved: readonly Resolved[];
}

const forms = new ParamsCheck();

/**
 * Inside a transaction. Throws FORBIDDEN for somebody who is not asked, BAD_REQUEST for a wrong choice or form, and CONFLICT when
 * it was answered before or is not asked any more.
 */
export async function answerApproval(tx: Queryable, question: ApprovalRow, given: GivenAnswer): Promise<TakenAnswer> {
  const { approval_id: approvalId, assignees, subject } = question;
  if (assignees.length > 0 && !assignees.includes(given.by))
    throw new AppError('FORBIDDEN', `${given.by} is not asked. Only ${assignees.join(', ')} may answer "${subject}".`);
  refuseClosed(question);
  const problem = checkChoice(question, given.chosen);
  if (problem !== null) throw new AppError('BAD_REQUEST', problem);
  const form = checkForm(question, given.form);
  const at = await writeAnswer(tx, { approvalId, chosen: given.chosen, form, by: given.by });
  if (at === null) {
    refuseClosed((await findApproval(tx, approvalId)) ?? question);
    throw notAsked(question);
  }
  const answer: ApprovalAnswer = { chosen: given.chosen, form, by: given.by, at: at.toISOString(), timedOut: false };
  const words = `an answer: ${subject}`;
  const end = { end: 'wake', event: answer } as const;
  const wait = {
    taskInstanceId: question.task_instance_id,
    leaseEpoch: question.asked_epoch,
    end,
    softFail: false,
    bodyState: null,
    words,
  };
  const resolved = await endWaits(tx, `user:${given.by}`, [wait]);
  // The task left its wait without closing the question, which the trigger on waiters makes impossible; a race rolls back here.
  if (resolved.length === 0) throw notAsked(question);
  return { at, form, resolved };
}

function refuseClosed(question: ApprovalRow): void {
  const { responded_at: at, responded_by: by, chosen, closed_as: closedAs } = question;
  if (at !== null)
    throw new AppError(
      'CONFLICT',
      `${by ?? 'The fallback'} has answered already: ${chosen?.join(', ')} (${at.toISOString()}). Clear the task to ask again.`,
    );
  if (closedAs === 'timed_out') throw new AppError('CONFLICT', 'The time to answer is over. Clear the task to ask again.');
  if (closedAs !== null) throw notAsked(question);
}

function notAsked({ task_id: taskId, state }: ApprovalRow): AppError {
  return new AppError('CONFLICT', `The task ${taskId} does not wait for an answer any more; it is ${state}.`);
}

function checkForm(question: ApprovalRow, given: GivenAnswer['form']): Readonly<Record<string, unknown>> {
  if (question.form_schema === null) {
    if (Object.keys(given).length > 0) throw new AppError('BAD_REQUEST', 'This question has no form: only an option can be chosen.');
    return {};
  }
  const form = { ...question.form_defaults, ...given };
  if (JSON.stringify(form).length > APPROVAL_LIMITS.formBytes)
    throw new AppError('BAD_REQUEST', `The form may hold at most ${APPROVAL_LIMITS.formBytes / 1024} KiB.`);
  try {
    forms.check({ key: question.approval_id, schema: question.form_schema, params: form });
  } catch (error) {
    const problems = (error as AppError).details?.['problems'];
    if (!Array.isArray(problems)) throw error;
    throw new AppError('BAD_REQUEST', `The form is not filled in rightly: ${problems.join('; ')}.`, { problems });
  }
  return form;
}
