/** What Postgres alone does with the rows a task moves: batches of state changes with their events, each batch durable. */
import type { Database } from '#platform/db/client.ts';

const ROWS = 5_000;
const BATCH = 500;
/** As a task's: scheduled, queued, running, success. */
const STATES = ['scheduled', 'queued', 'running', 'success'];

export interface RawPostgres {
  /** Transitions a second: one row changed and one event appended. */
  readonly transitionsPerSecond: number;
  /** A one-row durable change, median. */
  readonly singleP50Ms: number;
}

/** Works in tables of its own, shaped like ours but for the guard, in the database it is given. */
export async function measurePostgres(db: Database): Promise<RawPostgres> {
  const { pool } = db;
  await pool.query('drop table if exists raw_instance, raw_event');
  await pool.query('create table raw_instance (like task_instance including defaults including indexes) with (fillfactor = 50)');
  await pool.query('create table raw_event (like task_instance_event including identity including indexes including defaults)');
  await pool.query(
    `insert into raw_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
     select new_id(), new_id(), 't' || n, 'task', 'default', 'default_pool', 1, 1 from generate_series(1, $1::int) as n`,
    [ROWS],
  );
  const ids = (await pool.query<{ id: string }>('select task_instance_id as id from raw_instance order by 1')).rows.map((row) => row.id);
  await moveAll(db, ids, 'none'); // warm-up
  const startedAt = performance.now();
  for (const state of STATES) await moveAll(db, ids, state);
  const transitionsPerSecond = (ROWS * STATES.length) / ((performance.now() - startedAt) / 1000);
  const single: number[] = [];
  for (const id of ids.slice(0, 200)) {
    const begun = performance.now();
    await move(db, [id], 'none');
    single.push(performance.now() - begun);
  }
  await pool.query('drop table raw_instance, raw_event');
  single.sort((a, b) => a - b);
  return { transitionsPerSecond, singleP50Ms: single[single.length >> 1] as number };
}

async function moveAll(db: Database, ids: readonly string[], state: string): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) await move(db, ids.slice(start, start + BATCH), state);
}

async function move(db: Database, ids: readonly string[], state: string): Promise<void> {
  await db.pool.query({
    name: 'raw_move',
    text: `with moved as (
             update raw_instance t set state = $2, scheduled_at = clock_timestamp() from unnest($1::uuid[]) as a(id)
              where t.task_instance_id = a.id returning t.task_instance_id)
           insert into raw_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor)
           select task_instance_id, 'raw', 'none', $2, 1, 1, 'bench' from moved`,
    values: [ids, state],
  });
}
