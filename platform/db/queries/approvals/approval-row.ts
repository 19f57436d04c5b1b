/** A question with the task instance that asks it. */
import { TASK_INSTANCE_COLUMNS, TASK_INSTANCE_FROM, type TaskInstanceRow } from '../api/task-instance-row.ts';

export interface ApprovalRow extends TaskInstanceRow {
  readonly approval_id: string;
  readonly asked_epoch: number;
  /** The try that asked. */
  readonly asked_try: number;
  readonly subject: string;
  readonly body: string | null;
  readonly options: readonly string[];
  readonly defaults: readonly string[];
  readonly multiple: boolean;
  readonly form_schema: Readonly<Record<string, unknown>> | null;
  readonly form_defaults: Readonly<Record<string, unknown>>;
  readonly assignees: readonly string[];
  readonly asked_at: Date;
  readonly timeout_at: Date | null;
  readonly chosen: readonly string[] | null;
  readonly form: Readonly<Record<string, unknown>> | null;
  readonly responded_by: string | null;
  readonly responded_at: Date | null;
  readonly closed_at: Date | null;
  readonly closed_as: 'answered' | 'timed_out' | 'withdrawn' | null;
}

export const APPROVAL_COLUMNS = `q.approval_id, q.lease_epoch as asked_epoch, q.try_number as asked_try, q.subject, q.body, q.options, q.defaults,
  q.multiple, q.form_schema, q.form_defaults, q.assignees, q.created_at as asked_at, q.timeout_at, q.chosen, q.form, q.responded_by,
  q.responded_at, q.closed_at, q.closed_as, ${TASK_INSTANCE_COLUMNS}`;

export const APPROVAL_FROM = `approval_request q join ${TASK_INSTANCE_FROM.replace('task_instance ti', 'task_instance ti on ti.task_instance_id = q.task_instance_id')}`;
