/** Branches: one deciding task, and cases of which those run that it names. */
import { AppError } from '#core/errors.ts';

import type { Builder } from './builder-types.ts';
import type { Draft } from './draft.ts';
import { type BuildContext, makeTask, readBody, readInput, readOptions } from './make-task.ts';
import { type Handle, handleOf, makeNode, makeRef, type Source } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';

type Build = (builder: Builder<unknown>) => unknown;

export function buildBranch(
  context: BuildContext,
  makeBuilder: (context: BuildContext) => Builder<unknown>,
  args: readonly unknown[],
): unknown {
  const { draft } = context;
  const [localId, input, decide, given, options] = args;
  const branchId = makeTask(context, {
    what: 'branch',
    localId,
    kind: 'branch',
    call: 'input',
    body: readBody('branch', localId, decide),
    input: readInput('branch', localId, input),
    options: readOptions('branch', localId, options),
    table: TASK_OPTION_TABLE,
  });
  const cases = Object.entries((given ?? {}) as Record<string, unknown>);
  if (cases.length === 0) throw new AppError('DAG_INVALID', `branch "${branchId}" needs cases: { name: b => b.task(...) }.`);
  const built = cases.map(([name, build]) => buildCase(context, makeBuilder, branchId, name, build as Build));
  draft.branchCases.set(branchId, Object.fromEntries(built.map((one) => [one.name, one.heads])));
  const all = built.map((one) => one.taskIds);
  const sources = built.flatMap((one) => (one.source === null ? [] : [one.source]));
  const handle: Handle = {
    draft,
    id: branchId,
    heads: () => [branchId],
    tails: () => all.flatMap((taskIds) => draft.leavesOf(taskIds)),
    isJoin: true,
    source: null,
  };
  if (sources.length === 0) return makeNode(handle, {});
  return makeRef({ ...handle, source: { kind: 'join', cases: sources, path: [] } });
}

interface Case {
  readonly name: string;
  readonly heads: readonly string[];
  readonly taskIds: ReadonlySet<string>;
  /** Null: it ends with something that has no value, like an empty task. */
  readonly source: Source | null;
}

function buildCase(
  context: BuildContext,
  makeBuilder: (context: BuildContext) => Builder<unknown>,
  branchId: string,
  name: string,
  build: Build,
): Case {
  const { draft } = context;
  const label = `case "${name}" of branch "${branchId}"`;
  if (typeof build !== 'function') throw new AppError('DAG_INVALID', `${label} must be a function: ${name}: b => b.task(...).`);
  const { prefix, groupId, mapScope } = draft.scope;
  const { result, taskIds } = draft.within({ prefix, groupId, mapScope, label }, () => build(makeBuilder(context)));
  const handle = handleOf(result);
  const source = handle?.source ?? null;
  const isOwn =
    source === null ? handle?.draft === draft && handle.tails().some((id) => taskIds.has(id)) : liesWithin(draft, source, taskIds);
  if (!isOwn)
    throw new AppError(
      'DAG_INVALID',
      `${label} must return the reference of a task made inside it. To pass a value on, make a task that returns it.`,
    );
  const heads = draft.headsOf(taskIds);
  for (const head of heads) draft.addEdge(branchId, head);
  return { name, heads, taskIds, source };
}

function liesWithin(draft: Draft, source: Source, taskIds: ReadonlySet<string>): boolean {
  if (source.kind === 'task') return taskIds.has(source.taskId);
  return source.kind === 'join' && source.cases.every((one) => liesWithin(draft, one, taskIds));
}
