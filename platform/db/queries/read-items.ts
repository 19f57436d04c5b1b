import type { ListExpression, ListSource, MapScope } from '#core/dag-spec.ts';
import { elementOfStored, lengthOfStored, partAt } from '#core/mapping/encoded-list.ts';
import { type LengthOfLeaf, leafPicksOf, leavesOf, listIdsOf, pickAt } from '#core/mapping/list-expression.ts';
import type { ItemParts } from '#core/task-protocol.ts';
import type { Queryable } from '../client.ts';

export interface ItemRequest {
  readonly attemptId: string;
  readonly dagRunId: string;
  readonly mapIndex: number;
  /** Null when the instance is not mapped. */
  readonly scope: MapScope | null;
  readonly params: unknown;
}

export interface ReadItem {
  /** Lengths of the lists that make up the item; null = not known. */
  readonly lengths: ItemParts['lengths'];
  /** Of each list the one element that is wanted. */
  readonly elements: Readonly<Record<number, StoredElement>>;
  /** How many instances its task was expanded to. */
  readonly mapLength: number | null;
}

/** An element, or where the value lies in the XCom backend that holds it (`index` null: the value itself is the element). */
export type StoredElement =
  | { readonly value: unknown; readonly large?: undefined }
  | {
      readonly value?: undefined;
      readonly large: { readonly ref: string; readonly path: readonly string[]; readonly index: number | null };
    };

export async function readElement(element: StoredElement, get: (ref: string) => Promise<unknown>): Promise<unknown> {
  if (element.large === undefined) return element.value;
  const { ref, path, index } = element.large;
  const part = partAt(await get(ref), path);
  return index === null ? part : elementOfStored(part, index);
}

const LENGTHS = {
  name: 'read_items_lengths',
  text: `
select q.attempt_id as "attemptId", m.scope_id as "listId", m.length
  from unnest($1::uuid[], $2::uuid[], $3::text[]) as q(attempt_id, dag_run_id, list_id)
  join task_map m on m.dag_run_id = q.dag_run_id and m.scope_id = q.list_id`,
};

const ELEMENTS = {
  name: 'read_items_elements',
  text: `
with asked as (
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[])
    as q(attempt_id, dag_run_id, leaf, source, task_id, list_id, path, ordinal)
), lists as materialized (
  -- A list is unpacked once, however many of its elements are asked for: each time costs as much as the list is long.
  select w.*, case w.source when 'params' then r.params #> w.path::text[] else x.value #> w.path::text[] end as list, x.ref
    from (select distinct dag_run_id, source, task_id, path from asked where source in ('params', 'task')) w
    join dag_run r on r.dag_run_id = w.dag_run_id
    left join task_instance ti on w.source = 'task' and ti.dag_run_id = w.dag_run_id and ti.task_id = w.task_id and ti.map_index = -1
    left join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
)
select q.attempt_id as "attemptId", q.leaf, l.ref,
       -- As list_element says it; to call it costs more than all the rest of an element.
       case jsonb_typeof(l.list) when 'array' then l.list -> q.ordinal else list_element(l.list, q.ordinal) end as value
  from asked q
  join lists l on l.dag_run_id = q.dag_run_id and l.source = q.source and l.task_id is not distinct from q.task_id and l.path is not distinct from q.path
union all
select q.attempt_id, q.leaf, x.ref, x.value #> q.path::text[]
  from asked q
  left join task_map m on m.dag_run_id = q.dag_run_id and m.scope_id = q.list_id
  left join task_instance ti on ti.dag_run_id = q.dag_run_id and ti.task_id = q.task_id and ti.map_index = coalesce(m.picks[q.ordinal + 1], q.ordinal)
  left join xcom x on x.task_instance_id = ti.task_instance_id and x.key = 'return_value'
 where q.source not in ('params', 'task')`,
};

/**
 * readItems    who: worker, with beginBodies; reads only, locks nothing.
 * Of a list only the element that the instance needs is read. A task that is absent or has no result gives null.
 */
export async function readItems(db: Queryable, requests: readonly ItemRequest[]): Promise<ReadonlyMap<string, ReadItem>> {
  const mapped = requests.filter((request): request is MappedRequest => request.scope !== null && request.mapIndex >= 0);
  if (mapped.length === 0) return new Map();
  // What is made of one list can be read without knowing any length.
  const [plain, made] = [mapped.filter(({ scope }) => !('op' in scope.over)), mapped.filter(({ scope }) => 'op' in scope.over)];
  const [lengths, values] = await Promise.all([readLengths(db, mapped), readElements(db, plain, () => () => undefined)]);
  const lengthsOf = (request: MappedRequest) => leafLengths(request, lengths.get(request.attemptId));
  for (const [attemptId, found] of await readElements(db, made, lengthsOf)) values.set(attemptId, found);
  return new Map(
    mapped.map((request) => {
      const own = lengths.get(request.attemptId);
      const lengthOf = lengthsOf(request);
      const known = leavesOf(request.scope.over).map((_, leaf) => lengthOf(leaf) ?? null);
      return [
        request.attemptId,
        { lengths: known, elements: values.get(request.attemptId) ?? {}, mapLength: own?.get(request.scope.scopeId) ?? null },
      ];
    }),
  );
}

type MappedRequest = ItemRequest & { readonly scope: MapScope };

async function readLengths(db: Queryable, requests: readonly MappedRequest[]): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const wanted = requests.flatMap((request) =>
    [...new Set([request.scope.scopeId, ...listIdsOf(request.scope)])].map((listId) => ({ request, listId })),
  );
  const { rows } = await db.query<{ attemptId: string; listId: string; length: number }>(LENGTHS, [
    wanted.map(({ request }) => request.attemptId),
    wanted.map(({ request }) => request.dagRunId),
    wanted.map(({ listId }) => listId),
  ]);
  const found = new Map<string, Map<string, number>>(requests.map((request) => [request.attemptId, new Map()]));
  for (const row of rows) found.get(row.attemptId)?.set(row.listId, row.length);
  return found;
}

function leafLengths({ scope, params }: MappedRequest, known: ReadonlyMap<string, number> | undefined): LengthOfLeaf {
  const leaves = leavesOf(scope.over);
  const ids = listIdsOf(scope);
  return (leaf) => lengthOfLeaf(leaves[leaf], known?.get(ids[leaf] ?? ''), params);
}

function lengthOfLeaf(source: ListSource | undefined, saved: number | undefined, params: unknown): number | undefined {
  if (source?.from === 'literal') return source.length;
  return source?.from === 'params' ? (lengthOfStored(partAt(params, source.path)) ?? undefined) : saved;
}

async function readElements(
  db: Queryable,
  requests: readonly MappedRequest[],
  lengthsOf: (request: MappedRequest) => LengthOfLeaf,
): Promise<Map<string, Record<number, StoredElement>>> {
  const asked = requests.flatMap((request) => {
    const { over } = request.scope;
    const ids = listIdsOf(request.scope);
    return picksOf(over, request.mapIndex, lengthsOf(request)).flatMap(({ leaf, index }) => {
      const source = leavesOf(over)[leaf] as ListSource;
      return source.from === 'literal' ? [] : [{ request, leaf, index, source, listId: ids[leaf] as string }];
    });
  });
  const found = new Map<string, Record<number, StoredElement>>();
  if (asked.length === 0) return found;
  const { rows } = await db.query<{ attemptId: string; leaf: number; value: unknown; ref: string | null }>(ELEMENTS, [
    asked.map(({ request }) => request.attemptId),
    asked.map(({ request }) => request.dagRunId),
    asked.map(({ leaf }) => leaf),
    asked.map(({ source }) => source.from),
    asked.map(({ source }) => source.taskId),
    asked.map(({ listId }) => listId),
    asked.map(({ source }) => toArrayLiteral(source.path)),
    asked.map(({ index }) => index),
  ]);
  const asks = new Map(asked.map((ask) => [`${ask.request.attemptId}/${ask.leaf}`, ask]));
  for (const { attemptId, leaf, value, ref } of rows) {
    const ask = asks.get(`${attemptId}/${leaf}`);
    const large =
      ref === null || ask === undefined ? null : { ref, path: ask.source.path, index: ask.source.from === 'results' ? null : ask.index };
    found.set(attemptId, { ...found.get(attemptId), [leaf]: large === null ? { value } : { large } });
  }
  return found;
}

/** A list that became shorter since the instance was queued has nothing for it; the body is told so. */
function picksOf(over: ListExpression, index: number, lengthOf: LengthOfLeaf) {
  try {
    return leafPicksOf(pickAt(over, index, lengthOf)).filter((pick) => Number.isSafeInteger(pick.index));
  } catch {
    return [];
  }
}

/** unnest flattens arrays of arrays, so a path travels as the text of a Postgres array. */
function toArrayLiteral(path: readonly string[]): string {
  return `{${path.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
