import type { Queryable } from '../../client.ts';

export interface EventQuestion {
  readonly taskInstanceId: string;
  readonly name: string;
  /** The newest event the wait has seen; 0 = none. */
  readonly afterEventId: number;
}

export interface EventAnswer {
  readonly taskInstanceId: string;
  readonly eventId: number;
  readonly payload: unknown;
}

const STATEMENT = {
  name: 'look_events',
  text: `
select a.task_instance_id as "taskInstanceId", e.event_id as "eventId", e.payload
  from unnest($1::uuid[], $2::text[], $3::bigint[]) as a(task_instance_id, name, after_event_id)
  join task_instance ti on ti.task_instance_id = a.task_instance_id join dag_run r on r.dag_run_id = ti.dag_run_id
 cross join lateral (select event_id, payload from received_event e
                      where e.name = a.name and e.event_id > a.after_event_id and e.received_at >= r.queued_at
                      order by event_id limit 1) e`,
};

/**
 * lookEvents    who: triggerer, for all its waits for events at once. Reads only.
 * The oldest event that a wait has not seen; one that came before its run was created is none of its. No row = none yet.
 */
export async function lookEvents(db: Queryable, questions: readonly EventQuestion[]): Promise<readonly EventAnswer[]> {
  const result = await db.query<EventAnswer>(STATEMENT, [
    questions.map((one) => one.taskInstanceId),
    questions.map((one) => one.name),
    questions.map((one) => one.afterEventId),
  ]);
  return result.rows;
}
