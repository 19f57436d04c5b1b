/** A DAG while its build function runs: tasks, groups, edges, and the scopes that are open. */
import { type EdgeLabelSpec, SPEC_LIMITS } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { isKey, shownId } from '#core/ids.ts';
import type { GroupDefinition, MapScopeDefinition, TaskDefinition } from './definition.ts';
import { isLabelled } from './edge-label.ts';
import { readListable, transformed } from './lists.ts';
import { type Handle, handleOf, type Owner, type Source } from './ref.ts';

/** A part of the build: the whole DAG, a group, a mapped group, or one case of a branch. */
export interface Scope {
  readonly parent: Scope | null;
  /** "load." for what is built in group "load". */
  readonly prefix: string;
  readonly groupId: string | null;
  readonly mapScope: string | null;
  /** Tasks made in it or in scopes within. */
  readonly taskIds: Set<string>;
  readonly label: string;
  open: boolean;
}

export type DraftTask = Omit<TaskDefinition, 'upstream' | 'reads' | 'followsJoin' | 'branchCases'>;

interface Edges {
  readonly upstream: Set<string>;
  readonly reads: Set<string>;
  followsJoin: boolean;
}

export class Draft implements Owner {
  readonly dagId: string;
  readonly tasks = new Map<string, DraftTask>();
  readonly edges = new Map<string, Edges>();
  readonly groups: GroupDefinition[] = [];
  readonly mapScopes: MapScopeDefinition[] = [];
  readonly branchCases = new Map<string, Record<string, readonly string[]>>();
  readonly edgeLabels = new Map<string, EdgeLabelSpec>();
  scope: Scope;
  readonly #ids = new Map<string, string>();
  #edgeCount = 0;
  #isBuilding = true;

  constructor(dagId: string) {
    this.dagId = dagId;
    this.scope = { parent: null, prefix: '', groupId: null, mapScope: null, taskIds: new Set(), label: `DAG "${dagId}"`, open: true };
  }

  get isBuilding(): boolean {
    return this.#isBuilding;
  }

  transform(node: unknown, change: unknown): unknown {
    return transformed(readListable(`"${handleOf(node)?.id}"`, node), change);
  }

  /** The build function has ended. */
  close(): void {
    this.#isBuilding = false;
    this.scope.open = false;
  }

  /** Full id of `localId` in the current scope, now taken by `what`. Throws on bad and duplicate ids. */
  claimId(what: string, localId: unknown): string {
    if (!isKey(localId))
      throw new AppError(
        'DAG_INVALID',
        `${what} id ${shownId(localId)} in ${this.scope.label} is not valid. Use letters, digits and _ . - (at most ${SPEC_LIMITS.idLengthChars}).`,
      );
    const id = this.scope.prefix + localId;
    if (id.length > SPEC_LIMITS.idLengthChars)
      throw new AppError(
        'DAG_INVALID',
        `${what} id "${id}" is longer than ${SPEC_LIMITS.idLengthChars} characters. Shorten it or its groups.`,
      );
    const holder = this.#ids.get(id);
    if (holder !== undefined)
      throw new AppError(
        'DAG_INVALID',
        `DAG "${this.dagId}" has two things called "${id}" (a ${holder} and a ${what}). Rename one; in a loop, put the loop's value into the id.`,
      );
    this.#ids.set(id, what);
    return id;
  }

  addTask(task: DraftTask): void {
    if (this.tasks.size >= SPEC_LIMITS.tasksPerDag)
      throw new AppError(
        'DAG_INVALID',
        `DAG "${this.dagId}" has more than ${SPEC_LIMITS.tasksPerDag} tasks. Use map for many alike, or split the DAG.`,
      );
    this.tasks.set(task.id, task);
    this.edges.set(task.id, { upstream: new Set(), reads: new Set(), followsJoin: false });
    for (let scope: Scope | null = this.scope; scope; scope = scope.parent) scope.taskIds.add(task.id);
  }

  /** Names the instances of a task of a mapped group. */
  label(taskId: string, label: DraftTask['label']): void {
    this.change(taskId, { label });
  }

  change(taskId: string, change: Partial<DraftTask>): void {
    this.tasks.set(taskId, { ...(this.tasks.get(taskId) as DraftTask), ...change });
  }

  addEdge(from: string, to: string): void {
    const { upstream } = this.edges.get(to) as Edges;
    if (upstream.has(from)) return;
    upstream.add(from);
    if (++this.#edgeCount > SPEC_LIMITS.edgesPerDag)
      throw new AppError(
        'DAG_INVALID',
        `DAG "${this.dagId}" has more than ${SPEC_LIMITS.edgesPerDag} edges. Put a task between the many and the many.`,
      );
  }

  /** Makes `taskId` wait for, and read, what `source` needs. */
  addRead(taskId: string, source: Source): void {
    switch (source.kind) {
      case 'task':
        this.addEdge(source.taskId, taskId);
        this.edges.get(taskId)?.reads.add(source.taskId);
        return;
      case 'join':
        (this.edges.get(taskId) as Edges).followsJoin = true;
        for (const one of source.cases) this.addRead(taskId, one);
        return;
      case 'params':
      case 'item':
        return;
    }
  }

  /** Order-only edges: everything of `after` waits for everything of `before`. */
  order(before: readonly unknown[], after: readonly unknown[]): void {
    const first = before.map((node) => this.#end(node));
    const second = after.map((node) => this.#end(node));
    for (const later of second)
      for (const head of later.handle.heads())
        for (const earlier of first) {
          for (const tail of earlier.handle.tails()) {
            this.addEdge(tail, head);
            const text = later.text ?? earlier.text;
            if (text !== null) this.edgeLabels.set(JSON.stringify([tail, head]), { from: tail, to: head, text });
          }
          if (earlier.handle.isJoin) (this.edges.get(head) as Edges).followsJoin = true;
        }
  }

  #end(node: unknown): { readonly handle: Handle; readonly text: string | null } {
    return isLabelled(node) ? { handle: this.orderable(node.node), text: node.text } : { handle: this.orderable(node), text: null };
  }

  /** Returns the inner side of a node of this DAG that stands for tasks. */
  orderable(node: unknown): Handle {
    const handle = handleOf(node);
    if (handle === undefined)
      throw new AppError(
        'DAG_INVALID',
        `${this.scope.label}: after, before and chain take what task(), group(), branch() ... returned, not ${describe(node)}.`,
      );
    this.refuseForeign(handle.draft, handle.id);
    if (handle.tails().length === 0)
      throw new AppError('DAG_INVALID', `${this.scope.label}: "${handle.id}" contains no task, so nothing can be ordered by it.`);
    return handle;
  }

  /** Throws when a reference of another DAG, or of another build of this one, is used here. */
  refuseForeign(owner: Owner, id: string): void {
    if (owner === this) return;
    const other = owner.dagId !== this.dagId ? `DAG "${owner.dagId}"` : 'another build of this DAG';
    throw new AppError(
      'DAG_INVALID',
      `"${id}" belongs to ${other} and cannot be used in DAG "${this.dagId}". DAGs hand data on through params or storage.`,
    );
  }

  /** Throws when a source cannot be read from scope `mapScope` (null = outside of any mapped group). */
  refuseOutOfScope(where: string, source: Source, mapScope: string | null): void {
    if (source.kind === 'join') for (const one of source.cases) this.refuseOutOfScope(where, one, mapScope);
    if (source.kind === 'item' && source.scopeId !== mapScope)
      throw new AppError('DAG_INVALID', `${where}: the item of mapped group "${source.scopeId}" can only be used by tasks of that group.`);
    if (source.kind !== 'task') return;
    const owner = this.tasks.get(source.taskId)?.mapScope ?? null;
    if (owner === null) return;
    if (owner !== mapScope && source.each === null)
      throw new AppError(
        'DAG_INVALID',
        `${where}: "${source.taskId}" runs once per element of mapped group "${owner}". Outside of it, only what mapGroup() returned (the list) can be used.`,
      );
    if (owner === mapScope && source.each !== null)
      throw new AppError('DAG_INVALID', `${where}: the list of mapped group "${owner}" cannot be read inside the group itself.`);
  }

  /** Runs `build` with a scope open; the scope is closed afterwards, also on an error. */
  within<R>(scope: Omit<Scope, 'parent' | 'taskIds' | 'open'>, build: () => R): { result: R; taskIds: ReadonlySet<string> } {
    const inner: Scope = { ...scope, parent: this.scope, taskIds: new Set(), open: true };
    const outer = this.scope;
    this.scope = inner;
    try {
      const result = build();
      refusePromise(scope.label, result);
      return { result, taskIds: inner.taskIds };
    } finally {
      inner.open = false;
      this.scope = outer;
    }
  }

  /** Tasks of the set that wait for none of it. */
  headsOf(taskIds: ReadonlySet<string>): string[] {
    return [...taskIds].filter((id) => ![...(this.edges.get(id) as Edges).upstream].some((parent) => taskIds.has(parent)));
  }

  /** Tasks of the set that none of it waits for. */
  tailsOf(taskIds: ReadonlySet<string>): string[] {
    const waitedFor = new Set([...taskIds].flatMap((id) => [...(this.edges.get(id) as Edges).upstream]));
    return [...taskIds].filter((id) => !waitedFor.has(id));
  }

  /**
   * What is waited for when something comes after the set: its tails, but not teardowns, as in Airflow. What follows a
   * group need not wait until it is torn down, and runs even if that fails.
   */
  leavesOf(taskIds: ReadonlySet<string>): readonly string[] {
    const isWork = (id: string) => this.tasks.get(id)?.isTeardown !== true;
    const work = new Set([...taskIds].filter(isWork));
    const waitedFor = new Set([...work].flatMap((id) => [...(this.edges.get(id) as Edges).upstream]));
    const leaves = [...work].filter((id) => !waitedFor.has(id));
    const tornDown = new Set([...taskIds].filter((id) => !isWork(id)).flatMap((id) => [...(this.edges.get(id) as Edges).upstream]));
    const needed = leaves.filter((id) => !(this.tasks.get(id)?.isSetup && tornDown.has(id)));
    return needed.length > 0 ? needed : this.tailsOf(taskIds);
  }
}

/** A build function that is async would lose what it builds after its first await. */
export function refusePromise(label: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => undefined);
  throw new AppError('DAG_INVALID', `The build function of ${label} is async. It must only wire tasks; put the waiting into a task.`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object' || typeof value === 'function') return `a${typeof value === 'object' ? 'n object' : ' function'}`;
  return JSON.stringify(value) ?? String(value);
}
