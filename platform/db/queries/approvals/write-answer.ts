import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'write_answer',
  text: `
update approval_request set chosen = $2, form = $3::jsonb, responded_by = $4, responded_at = clock_timestamp()
 where approval_id = $1 and responded_at is null and closed_at is null
returning responded_at as "respondedAt"`,
};

/**
 * writeAnswer    who: API and CLI, in the transaction that wakes the task. Locks the question: a second answer waits here, and
 * then finds it answered. Null = it was answered, timed out or withdrawn before: nothing was written.
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
  const values = [answer.approvalId, answer.chosen, JSON.stringify(answer.form), answer.by];
  return (await tx.query<{ respondedAt: Date }>(STATEMENT, values)).rows[0]?.respondedAt ?? null;
}
