/** Groups and mapped groups. */
import { AppError } from '#core/errors.ts';
import type { Builder } from './builder-types.ts';
import type { Draft } from './draft.ts';
import { GROUP_LOOK_TABLE, readGroupLooks } from './looks.ts';
import { type BuildContext, readMapLimits, readOptions } from './make-task.ts';
import { producersOf, readOver } from './map-over.ts';
import { flag, func, text } from './option-values.ts';
import { type Handle, handleOf, makeNode, makeRef } from './ref.ts';
import { MAP_GROUP_OPTION_TABLE } from './task-options.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

type MakeBuilder = (context: BuildContext) => Builder<unknown>;

const GROUP_OPTION_TABLE: OptionTable = { ...GROUP_LOOK_TABLE, prefixGroupId: 'known', defaultArgs: 'known' };

function openGroup(draft: Draft, what: string, localId: unknown, options: Readonly<Record<string, unknown>>): string {
  const id = draft.claimId(what, localId);
  const where = `${what} "${id}"`;
  draft.groups.push({
    id,
    parentId: draft.scope.groupId,
    docMd: options['docMd'] === undefined ? null : text({ where, name: 'docMd' }, options['docMd']),
    collapsed: options['collapsed'] === undefined ? false : flag({ where, name: 'collapsed' }, options['collapsed']),
    looks: readGroupLooks(where, options),
  });
  return id;
}

/** Defaults of a group win over those of the DAG and of the groups around it; a task's own options win over all. */
function withDefaults(context: BuildContext, where: string, options: Readonly<Record<string, unknown>>): BuildContext {
  const { defaultArgs } = options;
  if (defaultArgs === undefined) return context;
  return { ...context, defaultArgs: { ...context.defaultArgs, ...readOptions(where, 'defaultArgs', defaultArgs) } };
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
  const { prefixGroupId } = options;
  const keepsIds = prefixGroupId !== undefined && !flag({ where: `group "${id}"`, name: 'prefixGroupId' }, prefixGroupId);
  const prefix = keepsIds ? draft.scope.prefix : `${id}.`;
  const scope = { prefix, groupId: id, mapScope: draft.scope.mapScope, label: `group "${id}"` };
  const inner = withDefaults(context, `group "${id}"`, options);
  const { result, taskIds } = draft.within(scope, () => build(makeBuilder(inner)));
  const handle: Handle = {
    draft,
    id,
    heads: () => draft.headsOf(taskIds),
    tails: () => draft.leavesOf(taskIds),
    isJoin: false,
    source: null,
  };
  const returned = handleOf(result);
  if (returned !== undefined) return returned.source === null ? makeNode(handle, {}) : makeRef({ ...handle, source: returned.source });
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
  const inner = withDefaults(context, where, options);
  const { result, taskIds } = draft.within(scope, () => build(item, makeBuilder(inner)));
  const source = handleOf(result)?.source;
  if (source?.kind !== 'task' || !taskIds.has(source.taskId))
    throw new AppError(
      'DAG_INVALID',
      `${where} must return the reference of one of its own tasks; the mapped group's result is the list of those results.`,
    );
  const label = options['label'] === undefined ? null : func({ where, name: 'label' }, options['label']);
  if (label !== null) for (const taskId of taskIds) draft.label(taskId, label);
  // The scheduler needs the list before it can make the first instances; later ones follow from these.
  for (const producer of producersOf(list)) for (const head of draft.headsOf(taskIds)) draft.addEdge(producer, head);
  return makeRef({
    draft,
    id,
    heads: () => draft.headsOf(taskIds),
    tails: () => draft.leavesOf(taskIds),
    isJoin: false,
    source: { kind: 'task', taskId: source.taskId, path: [], each: source.path },
  });
}
