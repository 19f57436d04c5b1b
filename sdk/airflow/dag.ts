/**
 * `new Dag(id, spec)`: tasks are declared, then called to wire them. The object only writes down what the author says;
 * `finish-dag.ts` turns that into the definition that the rest of Windlass knows, when the file has been imported.
 */
import { DAG_SOURCE } from '../brands.ts';
import { makeBranch, makeCondition } from './branching.ts';
import { finishDag } from './finish-dag.ts';
import { invalid, isRecord, show } from './invalid.ts';
import { makeNode } from './nodes.ts';
import { isOperator, makeOperator } from './operators.ts';
import { type Options, taskOptions } from './options.ts';
import { DagRecords, type TaskRecord } from './records.ts';
import type { Branch, Condition, DagSpec, TaskGroupRef, TaskRef, Tasks } from './types.ts';
import { readInputs } from './wiring.ts';

const ID = /^[\p{L}\p{N}_.-]+$/u;

export class Dag implements Tasks {
  readonly dagId: string;
  readonly spec: DagSpec;
  readonly #records: DagRecords;

  /** Throws DAG_INVALID for a bad id or an option that is not known. */
  constructor(dagId: string, spec: DagSpec = {}) {
    this.#records = new DagRecords(dagId, spec);
    this.dagId = dagId;
    this.spec = spec;
    // Read when the file has been imported, by whoever looks for its DAGs.
    Object.defineProperty(this, DAG_SOURCE, { value: () => finishDag(this.#records) });
  }

  get taskIds(): readonly string[] {
    return [...this.#records.tasks.keys()];
  }

  /** Declares a task; call what it returns, once, to place it: `load({ rows: extract() })`. */
  readonly task: Tasks['task'] = ((...args: unknown[]) => declareTask(this.#records, null, args)) as Tasks['task'];

  /** Prefixes the ids of its tasks ("group.task"), and can be ordered as one. */
  taskGroup(groupId: string): TaskGroupRef {
    return declareGroup(this.#records, null, groupId);
  }

  /** The task's boolean chooses: `dag.if(gated).then(loaded).else(reportedEmpty)`. */
  if(condition: TaskRef<boolean>): Condition {
    return makeCondition(this.#records, condition);
  }

  /** The task returns the reference of the one to follow: `dag.switch(picked).case(daily).case(weekly)`. */
  switch(decider: TaskRef<TaskRef>): Branch {
    return makeBranch(this.#records, decider);
  }

  /** A task that starts a run of another DAG. */
  triggerDagRun(spec: { readonly taskId: string; readonly dagId: string } & Readonly<Record<string, unknown>>): TaskRef {
    const { taskId, ...options } = spec;
    const place = declareTask(this.#records, null, [taskId, makeOperator('triggerDagRun', options)]) as () => TaskRef;
    return place();
  }
}

function declareTask(records: DagRecords, groupId: string | null, args: readonly unknown[]): (inputs?: unknown) => TaskRef {
  const [first, second, third] = args;
  const isIdGiven = typeof first === 'string';
  const body = isIdGiven ? second : first;
  const given = (isIdGiven ? third : second) ?? {};
  if (!isRecord(given)) throw invalid(`The options of a task of DAG "${records.dagId}" must be an object, not ${show(given)}.`);
  const localId = readTaskId(records.dagId, isIdGiven ? first : undefined, given['taskId'], body);
  const id = groupId === null ? localId : `${groupId}.${localId}`;
  const where = `task "${id}" of DAG "${records.dagId}"`;
  if (typeof body !== 'function' && !isOperator(body)) throw invalid(`${where} needs a handler function, not ${show(body)}.`);
  if (typeof body === 'function' && body.length > 1)
    throw invalid(`The handler of ${where} has ${body.length} parameters. It takes one object: async ({ rows, region }) => …`);
  const record: TaskRecord = {
    id,
    localId,
    groupId,
    body: body as TaskRecord['body'],
    options: taskOptions(where, given, records.queue) as Options,
    ref: makeNode(records, 'task', id, { taskId: id }) as TaskRef,
  };
  records.addTask(record);
  return (inputs?: unknown) => {
    records.place(record, readInputs(records, record, inputs));
    return record.ref;
  };
}

/** An id by position, by option, or the handler's own name. */
function readTaskId(dagId: string, byPosition: string | undefined, byOption: unknown, body: unknown): string {
  if (byPosition !== undefined && byOption !== undefined)
    throw invalid(`Task "${byPosition}" of DAG "${dagId}" has a second id, "${String(byOption)}", in its options. Give one.`);
  const name = byPosition ?? byOption ?? (body as { readonly name?: unknown } | undefined)?.name;
  if (typeof name !== 'string' || name === '')
    throw invalid(`A task of DAG "${dagId}" has no id, and its handler no name. Write dag.task("my_task", handler).`);
  if (name.includes('.'))
    throw invalid(`Task id "${name}" of DAG "${dagId}" must not contain ".". Make a group with taskGroup(); it adds the prefix.`);
  if (!ID.test(name)) throw invalid(`Task id "${name}" of DAG "${dagId}" is not valid. Use letters, digits and _ -.`);
  return name;
}

function declareGroup(records: DagRecords, parentId: string | null, groupId: unknown): TaskGroupRef {
  if (typeof groupId !== 'string' || !ID.test(groupId) || groupId.includes('.'))
    throw invalid(`Task group id ${show(groupId)} of DAG "${records.dagId}" is not valid. Use letters, digits and _ -.`);
  const id = parentId === null ? groupId : `${parentId}.${groupId}`;
  const group = makeNode(records, 'group', id, {
    groupId: id,
    task: (...args: unknown[]) => declareTask(records, id, args),
    taskGroup: (child: string) => declareGroup(records, id, child),
    if: (condition: TaskRef<boolean>) => makeCondition(records, condition),
    switch: (decider: TaskRef<TaskRef>) => makeBranch(records, decider),
  }) as unknown as TaskGroupRef;
  records.addGroup({ id, localId: groupId, parentId });
  return group;
}
