/**
 * The history of a run as text: per instance its result and its events in order, each with from, to, try and reason.
 * Nothing in it depends on time or on luck: no instants, no ids, and not what a busy machine adds (an attempt that a worker
 * handed back before its body began counts as if it had not been).
 */
import type { Database } from '#platform/db/client.ts';

interface EventRow {
  readonly instance: number;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly tryNumber: number;
  readonly actor: string;
  readonly reason: string | null;
}

/** Back to `scheduled` without a try having been lost. */
const HANDED_BACK: readonly string[] = ['hand_back', 'unqueue', 'requeue_unstarted'];

export async function eventLog(db: Database, dagRunId: string): Promise<string> {
  const { rows: runs } = await db.pool.query<{ dagId: string; state: string; reason: string | null }>(
    'select dag_id as "dagId", state, reason from dag_run where dag_run_id = $1',
    [dagRunId],
  );
  const { rows: instances } = await db.pool.query<{ id: string; name: string; value: unknown }>(
    `select ti.task_instance_id as id, ti.task_id || case when ti.map_index < 0 then '' else '[' || ti.map_index || ']' end as name, x.value
       from task_instance ti left join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
      where ti.dag_run_id = $1 order by ti.task_id collate "C", ti.map_index`,
    [dagRunId],
  );
  const { rows: events } = await db.pool.query<EventRow & { id: string }>(
    `select e.task_instance_id as id, e.event, e.from_state as "from", e.to_state as "to", e.try_number as "tryNumber", e.actor, e.reason
       from task_instance_event e join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 order by e.event_id`,
    [dagRunId],
  );
  const byInstance = Map.groupBy(events, (event) => event.id);
  const run = runs[0];
  const lines = [`run of ${run?.dagId}: ${run?.state}${run?.reason ? ` (${run.reason})` : ''}`];
  for (const { id, name, value } of instances) {
    lines.push(value === null ? name : `${name} = ${JSON.stringify(value)}`);
    for (const event of withoutHandBacks(byInstance.get(id) ?? [])) lines.push(`  ${words(event)}`);
  }
  return `${lines.join('\n')}\n`;
}

function words({ event, from, to, tryNumber, actor, reason }: EventRow): string {
  const why = reason ? `: ${reason.replace(/after [\d.]+ (ms|s|min)/, 'after a while')}` : '';
  return `${event} ${from}>${to} try ${tryNumber} by ${actor.split(':')[0]}${why}`;
}

function withoutHandBacks(events: readonly EventRow[]): readonly EventRow[] {
  const kept: EventRow[] = [];
  for (const event of events) {
    if (!HANDED_BACK.includes(event.event)) kept.push(event);
    else while (kept.length > 0 && kept.at(-1)?.to !== 'scheduled') kept.pop();
  }
  return kept;
}
