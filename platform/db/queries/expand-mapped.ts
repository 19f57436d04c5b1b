import type { InstanceRow } from '#core/scheduling/run-model.ts';
import type { Queryable } from '../client.ts';
import { INSTANCE_COLUMNS } from './load-unfinished-runs.ts';

export interface MappedPlaceholder {
  readonly id: string;
  readonly shard: number;
  readonly length: number;
}

/** What workers have to know of a list, when the result that holds it does not say so already. */
export interface SavedList {
  readonly dagRunId: string;
  readonly shard: number;
  readonly listId: string;
  readonly length: number;
  readonly picks: readonly number[] | null;
}

/** Also part of `resize_mapped`. */
export const SAVE_LISTS = (first: number) => `
  insert into task_map (dag_run_id, scope_id, length, picks)
  select l.dag_run_id, l.list_id, l.length, l.picks::int[]
    from unnest($${first}::uuid[], $${first + 1}::smallint[], $${first + 2}::text[], $${first + 3}::int[], $${first + 4}::text[])
      as l(dag_run_id, shard, list_id, length, picks) join fence on fence.shard = l.shard
  on conflict (dag_run_id, scope_id) do update set length = excluded.length, picks = excluded.picks`;

export function listValues(lists: readonly SavedList[]): readonly unknown[] {
  return [
    lists.map((list) => list.dagRunId),
    lists.map((list) => list.shard),
    lists.map((list) => list.listId),
    lists.map((list) => list.length),
    lists.map((list) => (list.picks === null ? null : `{${list.picks.join(',')}}`)),
  ];
}

const STATEMENT = {
  name: 'expand_mapped',
  text: `
with fence as materialized (
  select s.shard from scheduler_shard s join unnest($2::smallint[], $3::bigint[]) as f(shard, epoch) on s.shard = f.shard and s.epoch = f.epoch
   where s.owner = $1 for key share of s
), first_ones as (
  update task_instance ti set map_index = 0
    from unnest($4::uuid[], $5::smallint[], $6::int[]) as a(task_instance_id, shard, length) join fence on fence.shard = a.shard
   where ti.task_instance_id = a.task_instance_id and ti.map_index = -1 and ti.state = 'none'
  returning ti.*, a.length
), others as (
  insert into task_instance (task_instance_id, dag_run_id, task_id, map_index, max_tries, operator, queue, pool, pool_slots, priority_weight)
  select new_id(), f.dag_run_id, f.task_id, n, f.max_tries, f.operator, f.queue, f.pool, f.pool_slots, f.priority_weight
    from first_ones f cross join lateral generate_series(1, f.length - 1) as n
  returning *
), lists as (${SAVE_LISTS(7)}
)
select dag_run_id as "dagRunId", ${INSTANCE_COLUMNS} from first_ones
union all
select dag_run_id, ${INSTANCE_COLUMNS} from others`,
};

/**
 * expandMapped    who: scheduler, when the list of a mapped region is known. Locks the placeholders.
 * The placeholder becomes instance 0, the others are inserted: one statement, so a half-expanded region is never
 * seen. A placeholder missing from the answer was expanded before or changed: reload its run.
 */
export async function expandMapped(
  db: Queryable,
  expansion: {
    readonly owner: string;
    readonly fence: readonly { readonly shard: number; readonly epoch: number }[];
    readonly placeholders: readonly MappedPlaceholder[];
    readonly lists: readonly SavedList[];
  },
): Promise<readonly (InstanceRow & { readonly dagRunId: string })[]> {
  const { owner, fence, placeholders, lists } = expansion;
  const result = await db.query<InstanceRow & { dagRunId: string }>(STATEMENT, [
    owner,
    fence.map((held) => held.shard),
    fence.map((held) => held.epoch),
    placeholders.map((placeholder) => placeholder.id),
    placeholders.map((placeholder) => placeholder.shard),
    placeholders.map((placeholder) => placeholder.length),
    ...listValues(lists),
  ]);
  return result.rows;
}
