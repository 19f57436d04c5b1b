/** Assets as authors write them, made into the plain data of a spec. */
import {
  type AliasDefinition,
  ASSET_LIMITS,
  type AssetCondition,
  type AssetDefinition,
  type AssetScheduleSpec,
  type AssetUse,
} from '#core/assets/asset-spec.ts';
import { isMet, usesOf } from '#core/assets/condition.ts';
import { AppError } from '#core/errors.ts';
import type { Asset, AssetExpression, AssetLike } from './assets.ts';
import { type PartitionBy, readPartition } from './partitions.ts';

/** Every asset and alias a DAG mentions, once each. */
export interface MentionedAssets {
  readonly assets: readonly AssetDefinition[];
  readonly aliases: readonly AliasDefinition[];
}

const MADE_WITH = 'asset(…), assetAlias(…) or assetRef(…)';

function isLike(value: unknown): value is AssetLike {
  const kind = (value as { kind?: unknown } | null)?.kind;
  return typeof value === 'object' && (kind === 'asset' || kind === 'asset_alias' || kind === 'asset_ref');
}

/** Throws DAG_INVALID. */
export function readUse(where: string, value: unknown): AssetUse {
  if (!isLike(value)) throw new AppError('DAG_INVALID', `${where} must be made with ${MADE_WITH}.`);
  if (value.kind === 'asset_alias') return { alias: value.name };
  return { asset: { ...(value.name !== undefined && { name: value.name }), ...(value.uri !== undefined && { uri: value.uri }) } };
}

/** The option outlets or inlets of a task. Throws DAG_INVALID. */
export function readAssetList(where: string, option: string, value: unknown): readonly AssetLike[] {
  if (value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of list) readUse(`Option "${option}" of ${where}: each entry`, one);
  if (list.length > ASSET_LIMITS.leaves)
    throw new AppError('DAG_INVALID', `Option "${option}" of ${where} has more than ${ASSET_LIMITS.leaves} assets.`);
  return list as readonly AssetLike[];
}

export function mentionedIn(likes: readonly AssetLike[]): MentionedAssets {
  const assets = new Map<string, AssetDefinition>();
  const aliases = new Map<string, AliasDefinition>();
  for (const like of likes) {
    if (like.kind === 'asset') assets.set(JSON.stringify([like.name, like.uri]), definitionOf(like));
    if (like.kind === 'asset_alias') aliases.set(like.name, { name: like.name, group: like.group });
  }
  return { assets: [...assets.values()], aliases: [...aliases.values()] };
}

/** What has its default is absent: a spec from before stays the same. */
function definitionOf({ name, uri, group, extra, freshnessMs, watch, ...more }: Asset): AssetDefinition {
  return {
    name,
    uri,
    group,
    extra,
    ...(freshnessMs !== null && { freshnessMs }),
    ...(watch !== null && { watch }),
    ...(more.description && { description: more.description }),
    ...(more.owner && { owner: more.owner }),
    ...(more.tags?.length && { tags: more.tags }),
    ...(more.schemaChange && { schemaChange: more.schemaChange }),
    ...(more.retain && { retain: more.retain }),
    ...(typeof more.previewRows === 'number' && { previewRows: more.previewRows }),
  };
}

export interface ReadAssetSchedule {
  readonly spec: AssetScheduleSpec;
  readonly likes: readonly AssetLike[];
}

interface Given {
  readonly assets: unknown;
  readonly each?: unknown;
  readonly partition?: unknown;
}

/** Throws DAG_INVALID. */
export function readAssetSchedule(dagId: string, given: Given): ReadAssetSchedule {
  const where = `the asset schedule of DAG "${dagId}"`;
  const likes: AssetLike[] = [];
  const condition = readCondition(where, given.assets, likes);
  if (likes.length > ASSET_LIMITS.leaves) throw new AppError('DAG_INVALID', `${where} names more than ${ASSET_LIMITS.leaves} assets.`);
  if (given.each !== undefined && typeof given.each !== 'boolean')
    throw new AppError('DAG_INVALID', `Option "each" of ${where} must be true or false.`);
  if (given.each === true && given.partition !== undefined)
    throw new AppError('DAG_INVALID', `${where} has each and partition; a partitioned schedule makes one run for each key. Remove each.`);
  if (given.each === true && !usesOf(condition).some((use) => isMet(condition, [sample(use)])))
    throw new AppError(
      'DAG_INVALID',
      `${where} has each: true, but needs several assets at once, so that no single event starts a run. Use any(…), or leave each out.`,
    );
  return {
    spec: {
      condition,
      ...(given.each === true && { each: true as const }),
      ...(given.partition !== undefined && { partition: readPartition(where, given.partition as PartitionBy) }),
    },
    likes,
  };
}

/** An asset that fits this use and, but by chance, no other. */
function sample(use: AssetUse) {
  if ('alias' in use) return { name: '', uri: '', aliases: [use.alias] };
  return { name: use.asset.name ?? '', uri: use.asset.uri ?? '', aliases: [] };
}

function readCondition(where: string, value: unknown, likes: AssetLike[]): AssetCondition {
  if (isLike(value)) {
    likes.push(value);
    return readUse(where, value);
  }
  for (const key of ['all', 'any'] as const) {
    const parts = (value as Partial<Record<'all' | 'any', unknown>> | null | undefined)?.[key];
    if (!Array.isArray(parts)) continue;
    if (parts.length === 0) throw new AppError('DAG_INVALID', `${where} has an empty ${key}(). Name at least one asset.`);
    const read = (parts as AssetExpression[]).map((part) => readCondition(where, part, likes));
    return key === 'all' ? { all: read } : { any: read };
  }
  throw new AppError('DAG_INVALID', `${where} must be made with ${MADE_WITH}, all(…) and any(…).`);
}
