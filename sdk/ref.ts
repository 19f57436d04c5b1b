/** Nodes and references: what `task()` and its kin return while a DAG is built. */
import { AppError } from '#core/errors.ts';
import { brandOf, NODE } from './brands.ts';
import type { ListRef } from './list-ref.ts';

declare const VALUE: unique symbol;

/** Something that can be ordered: a task, a group, a branch, a gate. */
export interface Node {
  /** Full id, with the prefixes of its groups. */
  readonly id: string;
  /** These start when this has ended. */
  before(...nodes: Node[]): this;
  /** This starts when these have ended. */
  after(...nodes: Node[]): this;
}

/** Stands for a result that exists only at run time. Pass it as an input; it is never the value itself. */
export interface Ref<out T> extends Node {
  readonly [VALUE]: T;
  /** A typed slice of the result, wired without reading the rest. */
  at<K extends keyof T>(key: K): Ref<T[K]>;
  /** The items of a list, each changed in the task that is mapped over it. `throw new Skip()` skips that instance. */
  map<E, U>(this: Ref<readonly E[]>, change: (item: E) => U): ListRef<Awaited<U>>;
}

/** Turns an object or tuple of references and literals into what the handler receives. */
export type Resolve<I> =
  I extends Ref<infer T>
    ? T
    : I extends (...args: never[]) => unknown
      ? I
      : I extends Date
        ? Date
        : I extends readonly unknown[]
          ? { [K in keyof I]: Resolve<I[K]> }
          : I extends object
            ? { [K in keyof I]: Resolve<I[K]> }
            : I;

/** Inputs of a reusable definition: each may be wired or given, at any depth of plain objects and lists. */
export type Wire<In> = { [K in keyof In]: Wired<In[K]> };
type Wired<T> = Ref<T> | T | (T extends ((...args: never[]) => unknown) | Date ? never : T extends object ? Wire<T> : never);

/** Where a value comes from at run time. Plain data; part of apiVersion 1 (`sdk/definition.ts`). */
export type Source =
  /** `each`: the list of a mapped group's results; the path is applied to every element before `path`. */
  | { readonly kind: 'task'; readonly taskId: string; readonly path: readonly string[]; readonly each: readonly string[] | null }
  | { readonly kind: 'params'; readonly path: readonly string[] }
  | { readonly kind: 'item'; readonly scopeId: string; readonly path: readonly string[] }
  /** Whichever of these ran. */
  | { readonly kind: 'join'; readonly cases: readonly Source[]; readonly path: readonly string[] };

/** The DAG being built that a node belongs to: a `Draft`, of which only this is needed here. */
export interface Owner {
  readonly dagId: string;
  /** False once the build function has ended: a reference is then used in a handler by mistake. */
  readonly isBuilding: boolean;
  /** The items of `node`, each changed: a ListRef (`sdk/lists.ts`). */
  transform(node: unknown, change: unknown): unknown;
  order(before: readonly unknown[], after: readonly unknown[]): void;
}

/** The inner side of a node, kept under the NODE symbol. */
export interface Handle {
  readonly draft: Owner;
  readonly id: string;
  /** Tasks that wait when the node is put after something. */
  heads(): readonly string[];
  /** Tasks waited for when something is put after the node. */
  tails(): readonly string[];
  /** A branch's joined end: what follows it gets the rule none_failed_min_one_success. */
  readonly isJoin: boolean;
  /** Null for nodes without a value: groups, gates. */
  readonly source: Source | null;
}

/** Returns the inner side of a Node or Ref, undefined for anything else. */
export function handleOf(value: unknown): Handle | undefined {
  return brandOf(value, NODE) as Handle | undefined;
}

/** Makes a plain node, or adds the node's methods to `target` (what a group's build function returned). */
export function makeNode<T extends object>(handle: Handle, target: T): T & Node {
  const node: Node = Object.assign(target, {
    id: handle.id,
    before: (...nodes: Node[]) => {
      for (const other of nodes) handle.draft.order([node], [other]);
      return node;
    },
    after: (...nodes: Node[]) => {
      for (const other of nodes) handle.draft.order([other], [node]);
      return node;
    },
  }) as unknown as Node;
  Object.defineProperty(node, NODE, { value: handle, enumerable: false });
  return node as T & Node;
}

/** Symbols that a value's use in an expression asks for. */
const USED_AS_VALUE: ReadonlySet<PropertyKey> = new Set([Symbol.toPrimitive, Symbol.iterator, Symbol.asyncIterator]);

/**
 * Makes a reference. It is a Proxy only to speak clearly: `rows.length` in a build function, or a captured
 * reference in a handler, throws instead of being silently undefined.
 */
export function makeRef<T>(handle: Handle): Ref<T> {
  const bare = makeNode(handle, {
    at: (key: PropertyKey) => makeRef(sliced(handle, key)),
    map: (change: unknown) => {
      if (!handle.draft.isBuilding) throw usedAsValue(handle, 'map');
      return handle.draft.transform(bare, change);
    },
  });
  return new Proxy(bare, {
    get(target, property) {
      if (property in target && property !== 'toString' && property !== 'valueOf') return Reflect.get(target, property);
      if (typeof property === 'symbol' && !USED_AS_VALUE.has(property)) return undefined;
      throw usedAsValue(handle, property);
    },
    set(_target, property) {
      throw usedAsValue(handle, property);
    },
  }) as unknown as Ref<T>;
}

function sliced(handle: Handle, key: PropertyKey): Handle {
  const source = handle.source;
  if (source === null) throw new AppError('DAG_INVALID', `"${handle.id}" has no value to take .at(...) of.`);
  if (typeof key === 'symbol')
    throw new AppError('DAG_INVALID', `.at(${String(key)}) of "${handle.id}": only names and positions can be taken.`);
  return { ...handle, source: { ...source, path: [...source.path, String(key)] } };
}

function usedAsValue(handle: Handle, property: PropertyKey): AppError {
  const what = handle.source?.kind === 'params' ? 'the params' : `"${handle.id}"`;
  const name = /[\w$]+$/.exec(handle.id)?.[0] ?? 'value';
  const hint =
    property === 'then'
      ? 'It cannot be awaited'
      : typeof property === 'symbol'
        ? 'It cannot be used as text, a number or a list'
        : `It has no ".${String(property)}"`;
  return new AppError(
    'DAG_INVALID',
    `${what} is a reference to a result that exists only at run time. ${hint}; pass it as an input: task("id", { ${name} }, ({ ${name} }) => ...).`,
  );
}
