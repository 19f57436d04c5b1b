/** What an author has said of one Dag so far. */
import { isKey } from '#core/ids.ts';
import { invalid, show } from './invalid.ts';
import { knownOf, type OrderEdge } from './nodes.ts';
import { dagOptions, type Options } from './options.ts';
import type { Operator, TaskRef } from './types.ts';

export interface TaskRecord {
  readonly id: string;
  readonly localId: string;
  readonly groupId: string | null;
  readonly body: ((args: unknown) => unknown) | Operator;
  readonly options: Options;
  readonly ref: TaskRef;
}

export interface GroupRecord {
  readonly id: string;
  readonly localId: string;
  readonly parentId: string | null;
}

/** A task that decides which of its downstream tasks are skipped. */
export type Decision =
  | { readonly kind: 'if'; whenTrue: string | null; whenFalse: string | null }
  | { readonly kind: 'switch'; readonly cases: string[] };

export class DagRecords {
  readonly dagId: string;
  readonly options: Options;
  readonly queue: unknown;
  readonly tasks = new Map<string, TaskRecord>();
  readonly groups = new Map<string, GroupRecord>();
  /** Inputs by task id, in the order of the calls: an input's task was always called before. */
  readonly inputs = new Map<string, Readonly<Record<string, unknown>>>();
  readonly edges: OrderEdge[] = [];
  readonly decisions = new Map<string, Decision>();
  isFinished = false;

  constructor(dagId: unknown, spec: unknown) {
    if (!isKey(dagId)) throw invalid(`DAG id ${show(dagId)} is not valid. Use letters, digits and _ . - (at most 250).`);
    this.dagId = dagId;
    this.options = dagOptions(dagId, spec);
    this.queue = (spec as { readonly queue?: unknown }).queue;
  }

  addTask(task: TaskRecord): void {
    this.#claim(`task "${task.id}"`, task.id);
    this.tasks.set(task.id, task);
  }

  addGroup(group: GroupRecord): void {
    this.#claim(`task group "${group.id}"`, group.id);
    this.groups.set(group.id, group);
  }

  place(task: TaskRecord, inputs: Readonly<Record<string, unknown>>): void {
    this.refuseLate(`task "${task.id}" was called`);
    if (this.inputs.has(task.id))
      throw invalid(`Task "${task.id}" of DAG "${this.dagId}" was called twice. Call it once and keep the reference.`);
    this.inputs.set(task.id, inputs);
  }

  order(from: unknown, to: unknown, label: string | null): void {
    this.refuseLate('an edge was drawn');
    const [first, second] = [this.ownId(from, 'before() and after()'), this.ownId(to, 'before() and after()')];
    if (first === second) throw invalid(`"${first}" of DAG "${this.dagId}" cannot wait for itself.`);
    this.edges.push({ from: first, to: second, label });
  }

  /** The id of a node that this very Dag handed out. Throws DAG_INVALID. */
  ownId(node: unknown, what: string, kind?: 'task'): string {
    const known = knownOf(node);
    if (known === undefined || (kind !== undefined && known.kind !== kind))
      throw invalid(`${what} of DAG "${this.dagId}" takes what calling a task returned, not ${show(node)}.`);
    if (known.owner !== this)
      throw invalid(`${what} of DAG "${this.dagId}": "${known.id}" belongs to another Dag. An edge joins tasks of one.`);
    return known.id;
  }

  refuseLate(what: string): void {
    if (this.isFinished)
      throw invalid(`In DAG "${this.dagId}" ${what} after the file was read. Declare everything while the module loads.`);
  }

  #claim(what: string, id: string): void {
    this.refuseLate(`${what} was added`);
    if (this.tasks.has(id) || this.groups.has(id)) throw invalid(`DAG "${this.dagId}" has two things called "${id}". Rename one.`);
  }
}
