import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'touch_custom_dags',
  text: `
update dag d set revision = d.revision + 1
  from dag_version v
 where v.version_id = d.version_id and v.spec -> 'schedule' ->> 'kind' = 'custom' and not d.is_stale
returning d.dag_id as "dagId"`,
};

/** touchCustomDags    who: plugin host, when timetables came or went. Locks the DAGs they schedule, and returns their ids. */
export async function touchCustomDags(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dagId: string }>(STATEMENT)).rows.map((row) => row.dagId);
}
