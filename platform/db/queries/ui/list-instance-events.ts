/** Reads the newest events of one instance, oldest first. Called by the instance page. */
import type { Queryable } from '../../client.ts';

const LIST_INSTANCE_EVENTS = {
  name: 'list_instance_events',
  text: `select event, from_state, to_state, at, actor, reason, try_number from task_instance_event
          where task_instance_id = $1 order by event_id desc limit 500`,
};

export interface InstanceEventRow {
  readonly event: string;
  readonly from_state: string;
  readonly to_state: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly try_number: number;
}

export async function listInstanceEvents(db: Queryable, taskInstanceId: string): Promise<readonly InstanceEventRow[]> {
  return (await db.query<InstanceEventRow>(LIST_INSTANCE_EVENTS, [taskInstanceId])).rows.reverse();
}
