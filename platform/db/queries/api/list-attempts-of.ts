/** Reads the attempts of one instance, oldest first. Called by the API (tries) and the instance page. */
import type { Queryable } from '../../client.ts';

const LIST_ATTEMPTS_OF = {
  name: 'list_attempts_of',
  text: `select attempt_id, try_number, lease_epoch, worker_id, hostname, pid, outcome, error, claimed_at, body_started_at, ended_at
           from task_attempt where task_instance_id = $1 order by lease_epoch desc limit 500`,
};

export interface AttemptRow {
  readonly attempt_id: string;
  readonly try_number: number;
  readonly lease_epoch: number;
  readonly worker_id: string;
  readonly hostname: string;
  readonly pid: number | null;
  readonly outcome: string | null;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string } | null;
  readonly claimed_at: Date;
  readonly body_started_at: Date | null;
  readonly ended_at: Date | null;
}

export async function listAttemptsOf(db: Queryable, taskInstanceId: string): Promise<readonly AttemptRow[]> {
  return (await db.query<AttemptRow>(LIST_ATTEMPTS_OF, [taskInstanceId])).rows.reverse();
}
