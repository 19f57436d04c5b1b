/**
 * Lists to map over: references, lists and objects written in the file, and what zip, cross, concat and map make of
 * them. Lazy: an instance makes its own item only, when it runs.
 */
import { SPEC_LIMITS } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { brandOf, LIST } from './brands.ts';
import type { ListRef } from './list-ref.ts';
import { handleOf, type Owner, type Ref, type Source } from './ref.ts';

/** One entry of an object or a Map that is mapped over. */
export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
}

/** What can be mapped over. An object gives its entries, in the order of their keys (of those in the file: as written). */
export type Listable = ListRef<unknown> | Ref<object> | readonly unknown[] | Readonly<Record<string, unknown>>;

type ElementOfValue<T> = T extends readonly (infer E)[]
  ? E
  : T extends ReadonlyMap<infer K, infer V>
    ? Entry<K, V>
    : T extends ReadonlySet<infer E>
      ? E
      : T extends object
        ? Entry<string, T[keyof T]>
        : never;

/** What each instance gets. */
export type ElementOf<L> = L extends ListRef<infer E> ? E : L extends Ref<infer T> ? ElementOfValue<T> : ElementOfValue<L>;

type List = ListRef<unknown> | Ref<readonly unknown[]> | readonly unknown[];
type Named = Readonly<Record<string, List>>;
type Elements<L> = { -readonly [K in keyof L]: ElementOf<L[K]> };

/** Where the items of a map come from. Part of apiVersion 1 (`sdk/definition.ts`). */
export type ListTree =
  /** A task's result, all results of a mapped task (`each`), or a part of the params. */
  | (Source & { readonly kind: 'task' | 'params' })
  | { readonly kind: 'literal'; readonly items: readonly unknown[] }
  /** `names`: the item is an object with these keys, else a list. */
  | { readonly kind: 'cross'; readonly parts: readonly ListTree[]; readonly names: readonly string[] | null }
  | {
      readonly kind: 'zip';
      readonly parts: readonly ListTree[];
      readonly names: readonly string[] | null;
      readonly fill: { readonly value: unknown } | null;
    }
  | { readonly kind: 'concat'; readonly parts: readonly ListTree[] }
  | { readonly kind: 'transform'; readonly part: ListTree; readonly change: (item: unknown) => unknown };

/** The inner side of a ListRef, kept under the LIST symbol. */
export interface ListHandle {
  readonly tree: ListTree;
  /** DAGs whose references it holds, each with a name for messages. */
  readonly owners: readonly { readonly draft: Owner; readonly id: string }[];
}

/** One item of each: as many as the shortest list has, or with `fill` as many as the longest. */
export function zip<const L extends Named>(lists: L, options?: { readonly fill?: unknown }): ListRef<Elements<L>>;
export function zip<const L extends readonly List[]>(...lists: L): ListRef<Elements<L>>;
export function zip<const L extends readonly List[], F>(
  ...args: [...lists: L, options: { readonly fill: F }]
): ListRef<{ -readonly [K in keyof L]: ElementOf<L[K]> | F }>;
export function zip(...args: unknown[]): ListRef<unknown> {
  const options = isOptions(args.at(-1)) && args.length > 1 ? (args.pop() as { fill?: unknown }) : {};
  const fill = Object.hasOwn(options, 'fill') ? { value: options.fill } : null;
  return combine('zip', args, ({ parts, names }) => ({ kind: 'zip', parts, names, fill }));
}

/** Every item of one with every item of the others; the last list varies fastest. */
export function cross<const L extends Named>(lists: L): ListRef<Elements<L>>;
export function cross<const L extends readonly List[]>(...lists: L): ListRef<Elements<L>>;
export function cross(...args: unknown[]): ListRef<unknown> {
  return combine('cross', args, ({ parts, names }) => ({ kind: 'cross', parts, names }));
}

/** One after the other. */
export function concat<const L extends readonly List[]>(...lists: L): ListRef<ElementOf<L[number]>>;
export function concat(...args: unknown[]): ListRef<unknown> {
  return combine('concat', args, ({ parts }) => ({ kind: 'concat', parts }));
}

/** Throws DAG_INVALID when `value` cannot be mapped over; `where` begins the message. */
export function readListable(where: string, value: unknown): ListHandle {
  const made = brandOf(value, LIST) as ListHandle | undefined;
  if (made !== undefined) return made;
  const handle = handleOf(value);
  if (handle !== undefined) return { tree: listSource(where, handle.source), owners: [{ draft: handle.draft, id: handle.id }] };
  const items = itemsOf(value);
  if (items === null)
    throw new AppError(
      'DAG_INVALID',
      `${where} runs over a list: a result, params.at("..."), a list or object written here, or zip, cross and concat of these.`,
    );
  refuseReferences(where, items);
  if (items.length > SPEC_LIMITS.mappedInstances)
    throw new AppError('DAG_INVALID', `${where} has ${items.length} elements; at most ${SPEC_LIMITS.mappedInstances} are allowed.`);
  return { tree: { kind: 'literal', items }, owners: [] };
}

/** A reference's items, each changed. */
export function transformed(handle: ListHandle, change: unknown): ListRef<unknown> {
  if (typeof change !== 'function') throw new AppError('DAG_INVALID', 'map(change) of a list needs a function that changes an item.');
  return makeListRef({ ...handle, tree: { kind: 'transform', part: handle.tree, change: change as (item: unknown) => unknown } });
}

function makeListRef(handle: ListHandle): ListRef<unknown> {
  const list = { map: (change: unknown) => transformed(handle, change) };
  return Object.defineProperty(list, LIST, { value: handle, enumerable: false }) as unknown as ListRef<unknown>;
}

interface Combined {
  readonly parts: readonly ListTree[];
  readonly names: readonly string[] | null;
}

function combine(what: string, args: readonly unknown[], make: (combined: Combined) => ListTree): ListRef<unknown> {
  const [first] = args;
  const named = args.length === 1 && isPlain(first) && handleOf(first) === undefined && brandOf(first, LIST) === undefined;
  const lists = named ? Object.values(first as object) : args;
  if (lists.length === 0 || lists.length > SPEC_LIMITS.partsPerList)
    throw new AppError('DAG_INVALID', `${what}(...) takes 1 to ${SPEC_LIMITS.partsPerList} lists, but got ${lists.length}.`);
  const handles = lists.map((list, at) => readListable(`list ${at + 1} of ${what}(...)`, list));
  const names = named ? Object.keys(first as object) : null;
  return makeListRef({
    tree: make({ parts: handles.map((handle) => handle.tree), names }),
    owners: handles.flatMap((handle) => handle.owners),
  });
}

function listSource(where: string, source: Source | null): ListTree {
  // The scheduler learns the length with the one result that holds the list, or counts the results.
  const isPartOfAll = source?.kind === 'task' && source.each !== null && source.path.length > 0;
  if (source !== null && (source.kind === 'task' || source.kind === 'params') && !isPartOfAll) return source;
  const what = source?.kind === 'item' ? 'the item of a mapped group: maps inside of mapped groups are not available' : 'this directly';
  throw new AppError(
    'DAG_INVALID',
    `${where} cannot run over ${what}. Put a task between that returns the list${source?.kind === 'item' ? ' before the group' : ': task("list", { x }, ({ x }) => x)'}.`,
  );
}

function refuseReferences(where: string, items: readonly unknown[]): void {
  const at = items.findIndex((item) => handleOf(item) !== undefined || brandOf(item, LIST) !== undefined);
  if (at >= 0)
    throw new AppError(
      'DAG_INVALID',
      `${where}: element ${at} is a reference. A list in the file holds values only; concat([...], reference) joins it with a list made at run time.`,
    );
}

function itemsOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return [...value].map(([key, item]) => ({ key, value: item }));
  return isPlain(value) ? Object.entries(value as object).map(([key, item]) => ({ key, value: item })) : null;
}

function isOptions(value: unknown): boolean {
  return isPlain(value) && Object.keys(value as object).every((key) => key === 'fill');
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || handleOf(value) !== undefined) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
