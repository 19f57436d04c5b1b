/** Reads what the checks of an instance's attempts found, the newest attempt first, in the author's order. Called by the instance page. */
import type { Queryable } from '../../client.ts';

const LIST_CHECKS_OF = {
  name: 'list_checks_of',
  text: `select a.try_number, c.attempt_id, c.name, c.passed, c.message
           from task_attempt a join check_result c on c.attempt_id = a.attempt_id
          where a.task_instance_id = $1
          order by a.lease_epoch desc, c.position limit 1000`,
};

export interface CheckRow {
  readonly try_number: number;
  readonly attempt_id: string;
  readonly name: string;
  readonly passed: boolean;
  readonly message: string | null;
}

/** Zero rows: it has no checks, or none has run yet. */
export async function listChecksOf(db: Queryable, taskInstanceId: string): Promise<readonly CheckRow[]> {
  return (await db.query<CheckRow>(LIST_CHECKS_OF, [taskInstanceId])).rows;
}
