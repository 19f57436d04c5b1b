import type { Queryable } from '../client.ts';
import type { Holder } from './settle-pools.ts';

/** New words for what stays where it is. */
export interface Reason {
  /** Of an instance or a run. */
  readonly id: string;
  readonly shard: number;
  /** The words count only while it is in this state. */
  readonly state: string;
  readonly reason: string | null;
}

const FENCE = `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), said as (
  select n.* from unnest($4::uuid[], $5::smallint[], $6::text[], $7::text[]) as n(id, shard, state, reason) join fence on fence.shard = n.shard
)`;

const OF_INSTANCES = {
  name: 'write_instance_reasons',
  text: `${FENCE}, still as materialized (
  select ti.task_instance_id, s.reason from task_instance ti join said s on s.id = ti.task_instance_id
   where ti.state = s.state and ti.reason is distinct from s.reason order by ti.task_instance_id for update of ti skip locked
)
update task_instance ti set reason = s.reason from still s where ti.task_instance_id = s.task_instance_id`,
};

const OF_RUNS = {
  name: 'write_run_reasons',
  text: `${FENCE}, still as materialized (
  select r.dag_run_id, s.reason from dag_run r join said s on s.id = r.dag_run_id
   where r.state = s.state and r.reason is distinct from s.reason order by r.dag_run_id for update of r skip locked
)
update dag_run r set reason = s.reason from still s where r.dag_run_id = s.dag_run_id`,
};

/**
 * writeReasons    who: scheduler, for what has been waiting for a while. Locks the rows whose words change; a row that
 * somebody else holds is left to the next time. Zero rows = all have moved on, or the shards are lost: nothing is amiss.
 */
export async function writeReasons(db: Queryable, holder: Holder, words: readonly Reason[], what: 'instances' | 'runs'): Promise<void> {
  await db.query(what === 'instances' ? OF_INSTANCES : OF_RUNS, [
    holder.owner,
    holder.fence.map((held) => held.shard),
    holder.fence.map((held) => held.epoch),
    words.map((one) => one.id),
    words.map((one) => one.shard),
    words.map((one) => one.state),
    words.map((one) => one.reason),
  ]);
}
