/** Setups and teardowns, and the scope between them. */
import { AppError } from '#core/errors.ts';
import type { Builder } from './builder-types.ts';
import type { DraftTask } from './draft.ts';
import { taskHandle } from './handles.ts';
import { type BuildContext, makeTask, type Options, readBody, readInput, readOptions } from './make-task.ts';
import { flag } from './option-values.ts';
import { makeRef } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

const TEARDOWN_OPTION_TABLE: OptionTable = { ...TASK_OPTION_TABLE, setups: 'known', onFailureFailDagrun: 'known' };

export function buildSetup(context: BuildContext, args: readonly unknown[]): unknown {
  return makeOne(context, 'setup', args, TASK_OPTION_TABLE, () => ({ isSetup: true }));
}

export function buildTeardown(context: BuildContext, args: readonly unknown[]): unknown {
  const { draft } = context;
  let setups: readonly string[] = [];
  const ref = makeOne(context, 'teardown', args, TEARDOWN_OPTION_TABLE, (where, options) => {
    if (options['triggerRule'] !== undefined)
      throw new AppError(
        'DAG_INVALID',
        `Option "triggerRule" of ${where} cannot be chosen: a teardown runs when all of its scope has ended and its setup succeeded. Remove it.`,
      );
    setups = taskIdsOf(context, where, options['setups'], 'setup');
    const fails = options['onFailureFailDagrun'];
    return { isTeardown: true, onFailureFailDagrun: fails === undefined ? false : flag({ where, name: 'onFailureFailDagrun' }, fails) };
  });
  for (const setup of setups) draft.addEdge(setup, ref.id);
  return ref;
}

/** Puts what `build` makes between the setups and the teardowns, and returns what it returned. */
export function buildBetween(
  context: BuildContext,
  makeBuilder: (context: BuildContext) => Builder<unknown>,
  args: readonly unknown[],
): unknown {
  const { draft } = context;
  const [setupNodes, teardownNodes, build] = args;
  const where = `between in ${draft.scope.label}`;
  const setups = taskIdsOf(context, where, setupNodes, 'setup');
  const teardowns = taskIdsOf(context, where, teardownNodes, 'teardown');
  if (setups.length + teardowns.length === 0 || typeof build !== 'function')
    throw new AppError(
      'DAG_INVALID',
      `${where} needs setups, teardowns and a function that builds the tasks between: between(up, down, (b) => { b.task(...) }).`,
    );
  const { prefix, groupId, mapScope } = draft.scope;
  const label = `the scope of ${[...setups, ...teardowns].join(', ')}`;
  const { result, taskIds } = draft.within({ prefix, groupId, mapScope, label }, () => build(makeBuilder(context)) as unknown);
  for (const setup of setups) {
    for (const teardown of teardowns) draft.addEdge(setup, teardown);
    for (const head of draft.headsOf(taskIds)) draft.addEdge(setup, head);
  }
  for (const tail of draft.tailsOf(taskIds)) for (const teardown of teardowns) draft.addEdge(tail, teardown);
  return result;
}

/** In the forms of task(). */
function makeOne(
  context: BuildContext,
  what: 'setup' | 'teardown',
  [id, second, third, fourth]: readonly unknown[],
  table: OptionTable,
  extra: (where: string, options: Options) => Partial<DraftTask>,
) {
  const direct = typeof second === 'function';
  const options = readOptions(what, id, direct ? third : fourth);
  const taskId = makeTask(context, {
    what,
    localId: id,
    kind: 'task',
    call: direct ? 'context' : 'input',
    body: readBody(what, id, direct ? second : third),
    input: direct ? undefined : readInput(what, id, second),
    options,
    table,
    extra: extra(`${what} "${String(id)}"`, options),
  });
  return makeRef(taskHandle(context.draft, taskId));
}

/** Reads a node or a list of nodes that must all be setups (or teardowns). */
function taskIdsOf({ draft }: BuildContext, where: string, nodes: unknown, what: 'setup' | 'teardown'): readonly string[] {
  if (nodes === undefined || nodes === null) return [];
  const list: readonly unknown[] = Array.isArray(nodes) ? nodes : [nodes];
  return list.map((node) => {
    const { id } = draft.orderable(node);
    const task = draft.tasks.get(id);
    if (what === 'setup' ? task?.isSetup : task?.isTeardown) return id;
    throw new AppError('DAG_INVALID', `${where}: "${id}" is no ${what}. Make it with ${what}("${id}", ...).`);
  });
}
