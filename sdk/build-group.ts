/** Groups and mapped groups. */
import { AppError } from '#core/errors.ts';
import type { Builder } from './builder-types.ts';
import type { Draft } from './draft.ts';
import { type BuildContext, readMapLimits, readOptions } from './make-task.ts';
import { readOver } from './map-over.ts';
import { flag, func, text } from './option-values.ts';
import { type Handle, handleOf, makeNode, makeRef } from './ref.ts';
import { MAP_GROUP_OPTION_TABLE } from './task-options.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

type MakeBuilder = (context: BuildContext) => Builder<unknown>;

const GROUP_OPTION_TABLE: OptionTable = { docMd: 'known', collapsed: 'known' };

function openGroup(draft: Draft, what: string, localId: unknown, options: Readonly<Record<string, unknown>>): string {
  const id = draft.claimId(what, localId);
  const where = `${what} "${id}"`;
  draft.groups.push({
    id,
    parentId: draft.scope.groupId,
    docMd: options['docMd'] === undefined ? null : text({ where, name: 'docMd' }, options['docMd']),
    collapsed: options['collapsed'] === undefined ? false : flag({ where, name: 'collapsed' }, options['collapsed']),
  });
  return id;
}

function requireBuild(what: string, id: unknown, build: unknown): (...args: unknown[]) => unknown {
  if (typeof build === 'function') return build as (...args: unknown[]) => unknown;
  throw new AppError('DAG_INVALID', `${what} "${String(id)}" needs a function that builds its tasks.`);
}

export function buildGroup(context: BuildContext, makeBuilder: MakeBuilder, args: readonly unknown[]): unknown {
  const { draft } = context;
  const [localId, given, givenOptions] = args;
  const build = requireBuild('group', localId, given);
  const options = readOptions('group', localId, givenOptions);
  checkOptions(`group "${String(localId)}"`, options, GROUP_OPTION_TABLE);
  const id = openGroup(draft, 'group', localId, options);
  const scope = { prefix: `${id}.`, groupId: id, mapScope: draft.scope.mapScope, label: `group "${id}"` };
  const { result, taskIds } = draft.within(scope, () => build(makeBuilder(context)));
  const handle: Handle = {
    draft,
    id,
    heads: () => draft.headsOf(taskIds),
    tails: () => draft.tailsOf(taskIds),
    isJoin: false,
    source: null,
  };
  const inner = handleOf(result);
  if (inner !== undefined) return inner.source === null ? makeNode(handle, {}) : makeRef({ ...handle, source: inner.source });
  return makeNode(handle, typeof result === 'object' && result !== null ? { ...result } : {});
}

export function buildMapGroup(context: BuildContext, makeBuilder: MakeBuilder, args: readonly unknown[]): unknown {
  const { draft } = context;
  const [localId, over, given, givenOptions] = args;
  const build = requireBuild('mapGroup', localId, given);
  const options = readOptions('mapGroup', localId, givenOptions);
  const where = `mapGroup "${String(localId)}"`;
  checkOptions(where, options, MAP_GROUP_OPTION_TABLE);
  const list = readOver(draft, where, over);
  const id = openGroup(draft, 'mapGroup', localId, options);
  draft.mapScopes.push({ id, over: list, ...readMapLimits(where, options) });
  const item = makeRef({
    draft,
    id: `${id}.item`,
    heads: () => [],
    tails: () => [],
    isJoin: false,
    source: { kind: 'item', scopeId: id, path: [] },
  });
  const scope = { prefix: `${id}.`, groupId: id, mapScope: id, label: where };
  const { result, taskIds } = draft.within(scope, () => build(item, makeBuilder(context)));
  const source = handleOf(result)?.source;
  if (source?.kind !== 'task' || !taskIds.has(source.taskId))
    throw new AppError(
      'DAG_INVALID',
      `${where} must return the reference of one of its own tasks; the mapped group's result is the list of those results.`,
    );
  const label = options['label'] === undefined ? null : func({ where, name: 'label' }, options['label']);
  if (label !== null) for (const taskId of taskIds) draft.label(taskId, label);
  // The scheduler needs the list before it can make the first instances; later ones follow from these.
  if (list.kind === 'task') for (const head of draft.headsOf(taskIds)) draft.addEdge(list.taskId, head);
  return makeRef({
    draft,
    id,
    heads: () => draft.headsOf(taskIds),
    tails: () => draft.tailsOf(taskIds),
    isJoin: false,
    source: { kind: 'task', taskId: source.taskId, path: [], each: source.path },
  });
}
