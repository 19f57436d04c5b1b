/** From what an author said of a Dag to the definition that the scheduler and the task processes know. */
import { AppError } from '#core/errors.ts';
import type { Ctx } from '../context.ts';
import { finish } from '../dag.ts';
import { readDagSettings } from '../dag-options.ts';
import type { DagDefinition, TaskDecision } from '../definition.ts';
import { Draft } from '../draft.ts';
import { labelled } from '../edge-label.ts';
import { taskHandle } from '../handles.ts';
import { type BuildContext, makeTask } from '../make-task.ts';
import { type Handle, makeNode, makeRef } from '../ref.ts';
import { TASK_OPTION_TABLE } from '../task-options.ts';
import { invalid, show } from './invalid.ts';
import { isTaskRef } from './nodes.ts';
import { isOperator, placeOperator } from './operators.ts';
import type { DagRecords, Decision, TaskRecord } from './records.ts';
import { withRuntime } from './runtime.ts';

/** Throws DAG_INVALID naming what is wrong. The same records give the same definition. */
const finished = new WeakMap<DagRecords, DagDefinition>();

export function finishDag(records: DagRecords): DagDefinition {
  const known = finished.get(records);
  if (known !== undefined) return known;
  checkComplete(records);
  const draft = new Draft(records.dagId);
  const context: BuildContext = { draft, defaultArgs: {} };
  for (const { id, localId, parentId } of records.groups.values()) {
    inGroup(draft, parentId, () => {
      draft.claimId('task group', localId);
      draft.groups.push({ id, parentId, docMd: null, collapsed: false });
    });
  }
  for (const [id, inputs] of records.inputs) {
    const task = records.tasks.get(id) as TaskRecord;
    inGroup(draft, task.groupId, () => addTask(context, records, task, inputs));
  }
  for (const { from, to, label } of records.edges) {
    const end = nodeOf(draft, records, to);
    draft.order([nodeOf(draft, records, from)], [label === null ? end : labelled(end, label)]);
  }
  for (const [id, decision] of records.decisions) draft.branchCases.set(id, casesOf(draft, id, decision));
  draft.scope.open = false;
  const settings = readDagSettings(records.dagId, records.options);
  const definition = finish(draft, settings, null, { kind: 'literal', value: undefined });
  records.isFinished = true;
  finished.set(records, definition);
  return definition;
}

function checkComplete(records: DagRecords): void {
  for (const id of records.tasks.keys())
    if (!records.inputs.has(id))
      throw invalid(
        `Task "${id}" of DAG "${records.dagId}" is never called, so it has no place in the DAG. Call what dag.task(…) returned.`,
      );
  for (const [id, decision] of records.decisions) {
    if (decision.kind === 'if' && decision.whenTrue === null)
      throw invalid(`dag.if("${id}") of DAG "${records.dagId}" names no task. Add .then(task).`);
    if (decision.kind === 'switch' && decision.cases.length === 0)
      throw invalid(`dag.switch("${id}") of DAG "${records.dagId}" has no cases. Add .case(task).`);
  }
}

function inGroup(draft: Draft, groupId: string | null, build: () => void): void {
  if (groupId === null) build();
  else draft.within({ prefix: `${groupId}.`, groupId, mapScope: null, label: `task group "${groupId}"` }, build);
}

function addTask(context: BuildContext, records: DagRecords, task: TaskRecord, inputs: Readonly<Record<string, unknown>>): void {
  const { draft } = context;
  const entries = Object.entries(inputs).map(([name, value]) => [
    name,
    isTaskRef(value) ? makeRef(taskHandle(draft, value.taskId)) : value,
  ]);
  const input = Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
  const { body } = task;
  if (isOperator(body)) {
    placeOperator(context, task, body, input);
    return;
  }
  const decision = records.decisions.get(task.id);
  makeTask(context, {
    what: 'task',
    localId: task.localId,
    kind: decision === undefined ? 'task' : 'branch',
    call: 'input',
    body: { run: (args, ctx) => withRuntime(ctx as Ctx<unknown>, () => body(args)), definition: null },
    input,
    options: task.options,
    table: TASK_OPTION_TABLE,
    extra: { operator: 'task', ...(decision !== undefined && { decision: readerOf(task.id, decision) }) },
  });
}

function readerOf(taskId: string, decision: Decision): TaskDecision {
  return (returned) => {
    if (decision.kind === 'if') {
      if (typeof returned === 'boolean') return { value: returned, chosen: String(returned) };
      throw new AppError('BAD_REQUEST', `The condition "${taskId}" must return true or false, but returned ${show(returned)}.`);
    }
    if (isTaskRef(returned) && decision.cases.includes(returned.taskId)) return { value: returned.taskId, chosen: returned.taskId };
    const what = isTaskRef(returned) ? `"${returned.taskId}"` : show(returned);
    throw new AppError('BAD_REQUEST', `"${taskId}" chose ${what}, which is none of its cases: ${decision.cases.join(', ')}.`);
  };
}

/** Only the named sides are ever skipped; whatever else follows the deciding task runs by its own rule. */
function casesOf(draft: Draft, id: string, decision: Decision): Record<string, readonly string[]> {
  const followers = [...draft.edges].filter(([, edges]) => edges.upstream.has(id)).map(([follower]) => follower);
  const without = (skipped: readonly (string | null)[]) => followers.filter((follower) => !skipped.includes(follower)).sort();
  if (decision.kind === 'if') return { true: without([decision.whenFalse]), false: without([decision.whenTrue]) };
  return Object.fromEntries(decision.cases.map((chosen) => [chosen, without(decision.cases.filter((one) => one !== chosen))]));
}

function nodeOf(draft: Draft, records: DagRecords, id: string): object {
  if (!records.groups.has(id)) return makeNode(taskHandle(draft, id), {});
  const inside = () => new Set([...records.tasks.keys()].filter((taskId) => taskId.startsWith(`${id}.`)));
  const handle: Handle = {
    draft,
    id,
    heads: () => draft.headsOf(inside()),
    tails: () => draft.tailsOf(inside()),
    isJoin: false,
    source: null,
  };
  return makeNode(handle, {});
}
