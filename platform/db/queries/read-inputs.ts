import type { ListSource } from '#core/dag-spec.ts';
import type { Queryable } from '../client.ts';

export interface InputRead {
  readonly taskId: string;
  /** single: an unmapped upstream; list: all instances of a mapped one; same_index: a mapped one of the same scope. */
  readonly mode: 'single' | 'list' | 'same_index';
}

export interface InputRequest {
  readonly attemptId: string;
  readonly dagRunId: string;
  readonly mapIndex: number;
  readonly reads: readonly InputRead[];
  /** Where the element of a mapped instance comes from; null when it is not mapped. */
  readonly item: ListSource | null;
}

export interface ReadInputs {
  readonly inputs: Record<string, unknown>;
  item: unknown;
}

const RESULTS = {
  name: 'read_inputs_results',
  text: `
select q.attempt_id as "attemptId", q.task_id as "taskId", q.is_list as "isList", x.value
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bool[]) as q(attempt_id, dag_run_id, task_id, map_index, is_list)
  join task_instance ti on ti.dag_run_id = q.dag_run_id and ti.task_id = q.task_id and (q.map_index is null or ti.map_index = q.map_index)
  join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
 order by ti.map_index`,
};

const ITEMS = {
  name: 'read_inputs_items',
  text: `
select q.attempt_id as "attemptId",
       case when q.source = 'params' then r.params #> q.path::text[] -> q.map_index else x.value #> q.path::text[] -> q.map_index end as value
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[]) as q(attempt_id, dag_run_id, source, task_id, path, map_index)
  join dag_run r on r.dag_run_id = q.dag_run_id
  left join task_instance ti on ti.dag_run_id = q.dag_run_id and ti.task_id = q.task_id and ti.map_index = -1
  left join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'`,
};

/**
 * readInputs    who: worker, with beginBodies; reads only, locks nothing.
 * A task that has no row in the answer returned nothing (it was skipped, or its result is absent): its id is
 * then missing from `inputs`. A mapped list lists the instances that have a result, in map order.
 */
export async function readInputs(db: Queryable, requests: readonly InputRequest[]): Promise<ReadonlyMap<string, ReadInputs>> {
  const byAttempt = new Map<string, ReadInputs>(requests.map((request) => [request.attemptId, { inputs: {}, item: undefined }]));
  await Promise.all([readResults(db, requests, byAttempt), readItems(db, requests, byAttempt)]);
  return byAttempt;
}

async function readResults(db: Queryable, requests: readonly InputRequest[], byAttempt: Map<string, ReadInputs>): Promise<void> {
  const reads = requests.flatMap((request) => request.reads.map((read) => ({ request, read })));
  if (reads.length === 0) return;
  for (const { request, read } of reads)
    if (read.mode === 'list') (byAttempt.get(request.attemptId) as ReadInputs).inputs[read.taskId] = [];
  const result = await db.query<{ attemptId: string; taskId: string; isList: boolean; value: unknown }>(RESULTS, [
    reads.map(({ request }) => request.attemptId),
    reads.map(({ request }) => request.dagRunId),
    reads.map(({ read }) => read.taskId),
    reads.map(({ request, read }) => (read.mode === 'list' ? null : read.mode === 'single' ? -1 : request.mapIndex)),
    reads.map(({ read }) => read.mode === 'list'),
  ]);
  for (const row of result.rows) {
    const inputs = (byAttempt.get(row.attemptId) as ReadInputs).inputs;
    if (row.isList) (inputs[row.taskId] as unknown[]).push(row.value);
    else inputs[row.taskId] = row.value;
  }
}

async function readItems(db: Queryable, requests: readonly InputRequest[], byAttempt: Map<string, ReadInputs>): Promise<void> {
  const mapped = requests.filter((request) => request.item !== null && request.mapIndex >= 0);
  if (mapped.length === 0) return;
  const result = await db.query<{ attemptId: string; value: unknown }>(ITEMS, [
    mapped.map((request) => request.attemptId),
    mapped.map((request) => request.dagRunId),
    mapped.map((request) => request.item?.from),
    mapped.map((request) => request.item?.taskId),
    mapped.map((request) => toArrayLiteral(request.item?.path ?? [])),
    mapped.map((request) => request.mapIndex),
  ]);
  for (const row of result.rows) (byAttempt.get(row.attemptId) as ReadInputs).item = row.value;
}

/** unnest flattens arrays of arrays, so a path travels as the text of a Postgres array. */
function toArrayLiteral(path: readonly string[]): string {
  return `{${path.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
