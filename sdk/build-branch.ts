/** Branches: one deciding task, and cases of which one runs. */
import { AppError } from '#core/errors.ts';

import type { Builder } from './builder-types.ts';
import type { Draft } from './draft.ts';
import { type BuildContext, makeTask, readBody, readInput } from './make-task.ts';
import { handleOf, makeRef, type Source } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';

type Build = (builder: Builder<unknown>) => unknown;

export function buildBranch(
  context: BuildContext,
  makeBuilder: (context: BuildContext) => Builder<unknown>,
  args: readonly unknown[],
): unknown {
  const { draft } = context;
  const [localId, input, decide, given] = args;
  const branchId = makeTask(context, {
    what: 'branch',
    localId,
    kind: 'branch',
    call: 'input',
    body: readBody('branch', localId, decide),
    input: readInput('branch', localId, input),
    options: {},
    table: TASK_OPTION_TABLE,
  });
  const cases = Object.entries((given ?? {}) as Record<string, unknown>);
  if (cases.length === 0) throw new AppError('DAG_INVALID', `branch "${branchId}" needs cases: { name: b => b.task(...) }.`);
  const built = cases.map(([name, build]) => buildCase(context, makeBuilder, branchId, name, build as Build));
  draft.branchCases.set(branchId, Object.fromEntries(built.map((one) => [one.name, one.heads])));
  const all = built.map((one) => one.taskIds);
  return makeRef({
    draft,
    id: branchId,
    heads: () => [branchId],
    tails: () => all.flatMap((taskIds) => draft.tailsOf(taskIds)),
    isJoin: true,
    source: { kind: 'join', cases: built.map((one) => one.source), path: [] },
  });
}

interface Case {
  readonly name: string;
  readonly heads: readonly string[];
  readonly taskIds: ReadonlySet<string>;
  readonly source: Source;
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
  const source = handleOf(result)?.source;
  if (!source || !liesWithin(draft, source, taskIds))
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
