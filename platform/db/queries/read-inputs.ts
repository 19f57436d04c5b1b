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
}

/** Results by task id. */
export type ReadInputs = Record<string, StoredInput>;

interface InputRow {
  readonly attemptId: string;
  readonly taskId: string;
  readonly value: unknown;
  readonly refs: string | readonly (string | null)[] | null;
}

/** A result, or a list of results, of which some may lie in the XCom backend. */
export class StoredInput {
  readonly #value: unknown;
  readonly #refs: InputRow['refs'];

  constructor(value: unknown, refs: InputRow['refs']) {
    this.#value = value;
    this.#refs = refs;
  }

  async read(get: (ref: string) => Promise<unknown>): Promise<unknown> {
    if (this.#refs === null) return this.#value;
    if (typeof this.#refs === 'string') return get(this.#refs);
    const values = this.#value as readonly unknown[];
    return Promise.all(this.#refs.map((ref, at) => (ref === null ? values[at] : get(ref))));
  }
}

const RESULTS = {
  name: 'read_inputs_results',
  text: `
select q.attempt_id as "attemptId", q.task_id as "taskId", x.value, to_jsonb(x.ref) as refs
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as q(attempt_id, dag_run_id, task_id, map_index)
  join task_instance ti on ti.dag_run_id = q.dag_run_id and ti.task_id = q.task_id and ti.map_index = q.map_index
  join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
 where q.map_index is not null
union all
-- One row a list, made where the values lie: thousands of rows cost more to send and read than one text.
select q.attempt_id, q.task_id, whole.list::jsonb, whole.refs
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as q(attempt_id, dag_run_id, task_id, map_index)
 cross join lateral (
    select coalesce(json_agg(x.value order by ti.map_index), '[]') as list,
           case when bool_or(x.ref is not null) then jsonb_agg(x.ref order by ti.map_index) end as refs
      from task_instance ti join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
     where ti.dag_run_id = q.dag_run_id and ti.task_id = q.task_id and ti.state = 'success' and ti.map_index >= 0
 ) as whole
 where q.map_index is null`,
};

/**
 * readInputs    who: worker, with beginBodies; reads only, locks nothing.
 * A task that has no row in the answer returned nothing (it was skipped, or its result is absent): its id is
 * then missing. A list holds the results of the instances that succeeded, in map order.
 */
export async function readInputs(db: Queryable, requests: readonly InputRequest[]): Promise<ReadonlyMap<string, ReadInputs>> {
  const byAttempt = new Map<string, ReadInputs>(requests.map((request) => [request.attemptId, {}]));
  const reads = requests.flatMap((request) => request.reads.map((read) => ({ request, read })));
  if (reads.length === 0) return byAttempt;
  const result = await db.query<InputRow>(RESULTS, [
    reads.map(({ request }) => request.attemptId),
    reads.map(({ request }) => request.dagRunId),
    reads.map(({ read }) => read.taskId),
    reads.map(({ request, read }) => (read.mode === 'list' ? null : read.mode === 'single' ? -1 : request.mapIndex)),
  ]);
  for (const row of result.rows) (byAttempt.get(row.attemptId) as ReadInputs)[row.taskId] = new StoredInput(row.value, row.refs);
  return byAttempt;
}
