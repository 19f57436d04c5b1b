import type { Queryable } from '../../client.ts';

/** A statement of its own, and the first: whoever else ends the wait locks the instance before the question, too. */
const LOCK = {
  name: 'lock_asking_instance',
  text: `select 1 from task_instance ti join approval_request q using (task_instance_id) where q.approval_id = $1 for update of ti`,
};

const STATEMENT = {
  name: 'write_answer',
  text: `
update approval_request set chosen = $2, form = $3::jsonb, responded_by = $4, responded_at = clock_timestamp()
 where approval_id = $1 and responded_at is null and closed_at is null
returning responded_at as "respondedAt"`,
};

/**
 * writeAnswer    who: API and CLI, in the transaction that wakes the task. Locks the instance, then the question: a second
 * answer waits here, and then finds it answered. Null = it was answered, timed out or withdrawn before: nothing was written.
 */
export async function writeAnswer(
  tx: Queryable,
  answer: {
    readonly approvalId: string;
    readonly chosen: readonly string[];
    readonly form: Readonly<Record<string, unknown>>;
    readonly by: string;
  },
): Promise<Date | null> {
  await tx.query(LOCK, [answer.approvalId]);
  const values = [answer.approvalId, answer.chosen, JSON.stringify(answer.form), answer.by];
  return (await tx.query<{ respondedAt: Date }>(STATEMENT, values)).rows[0]?.respondedAt ?? null;
}
