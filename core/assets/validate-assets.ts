/** Checks the assets of a spec that arrives from the caged child. */
import { ASSET_LIMITS, type AssetCondition } from './asset-spec.ts';
import { SCHEMA_POLICIES, VERSION_LIMITS } from './asset-version.ts';
import { isKeyFormat, PERIODS } from './partition.ts';

type Fields = Readonly<Record<string, unknown>>;

const MAPPER_DEPTH_MAX = 10;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= ASSET_LIMITS.textChars && !value.includes('\0');
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || isShortText(value);
}

function hasOnly(value: Fields, keys: readonly string[]): boolean {
  return Object.keys(value).every((key) => keys.includes(key));
}

function isAssetKey(value: unknown): boolean {
  if (!isFields(value) || !hasOnly(value, ['name', 'uri'])) return false;
  const { name, uri } = value;
  return (name !== undefined || uri !== undefined) && [name, uri].every((part) => part === undefined || isShortText(part));
}

export function isAssetUse(value: unknown): boolean {
  if (!isFields(value)) return false;
  if ('alias' in value) return hasOnly(value, ['alias']) && isShortText(value['alias']);
  return hasOnly(value, ['asset']) && isAssetKey(value['asset']);
}

export function isAssetUses(value: unknown): boolean {
  return Array.isArray(value) && value.length <= ASSET_LIMITS.leaves && value.every(isAssetUse);
}

const DEFINITION_KEYS = [
  'name',
  'uri',
  'group',
  'extra',
  'freshnessMs',
  'watch',
  'description',
  'owner',
  'tags',
  'schemaChange',
  'retain',
  'previewRows',
];
const TAGS_MAX = 50;

function hasCatalogueWords({ description, owner, tags, schemaChange, retain, previewRows }: Fields): boolean {
  const words = [description, owner].every((text) => text === undefined || isShortText(text));
  const areTags = tags === undefined || (Array.isArray(tags) && tags.length <= TAGS_MAX && (tags as unknown[]).every(isShortText));
  const isPolicy = schemaChange === undefined || SCHEMA_POLICIES.includes(schemaChange as never);
  const isKept =
    retain === undefined ||
    (isFields(retain) &&
      hasOnly(retain, ['versions', 'keptMs']) &&
      Object.keys(retain).length > 0 &&
      Object.values(retain).every(isPositive));
  const isPreviewed =
    previewRows === undefined || previewRows === 0 || (isPositive(previewRows) && (previewRows as number) <= VERSION_LIMITS.sampleRows);
  return words && areTags && isPolicy && isKept && isPreviewed;
}

export function isAssetDefinitions(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) =>
        isFields(one) &&
        hasOnly(one, DEFINITION_KEYS) &&
        isShortText(one['name']) &&
        isShortText(one['uri']) &&
        typeof one['group'] === 'string' &&
        isFields(one['extra']) &&
        (one['freshnessMs'] === undefined || isPositive(one['freshnessMs'])) &&
        (one['watch'] === undefined || isWatch(one['watch'])) &&
        hasCatalogueWords(one),
    )
  );
}

export function isAliasDefinitions(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((one: unknown) => isFields(one) && isShortText(one['name']) && typeof one['group'] === 'string')
  );
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isWatch(value: unknown): boolean {
  if (!isFields(value) || !isPositive(value['everyMs'])) return false;
  switch (value['kind']) {
    case 'file':
      return isShortText(value['path']);
    case 'http':
      return isShortText(value['url']);
    case 'sql':
      return isShortText(value['connection']) && isShortText(value['sql']);
    case 'objects':
      return isShortText(value['connection']) && isShortText(value['uri']) && isOptionalText(value['match']);
    case 'notify':
      return isShortText(value['connection']) && isShortText(value['channel']) && isOptionalText(value['catchUp']);
    case 'stream':
      return isShortText(value['connection']) && isShortText(value['stream']) && isOptionalText(value['group']);
    default:
      return false;
  }
}

export function isAssetSchedule(value: unknown): boolean {
  if (!isFields(value) || !hasOnly(value, ['condition', 'each', 'partition'])) return false;
  const leaves = countLeaves(value['condition']);
  return (
    leaves !== null &&
    leaves <= ASSET_LIMITS.leaves &&
    (value['each'] === undefined || value['each'] === true) &&
    (value['partition'] === undefined || isPartition(value['partition']))
  );
}

/** Null when it is no condition. */
function countLeaves(value: unknown): number | null {
  const parts =
    (value as Partial<Record<'all' | 'any', AssetCondition[]>> | null | undefined)?.all ??
    (value as { any?: unknown } | null | undefined)?.any;
  if (parts === undefined) return isAssetUse(value) ? 1 : null;
  if (!Array.isArray(parts) || parts.length === 0 || Object.keys(value as object).length !== 1) return null;
  let sum = 0;
  for (const part of parts) {
    const leaves = countLeaves(part);
    if (leaves === null) return null;
    sum += leaves;
  }
  return sum;
}

function isPartition(value: unknown): boolean {
  if (!isFields(value) || !hasOnly(value, ['mapper', 'byAsset']) || !isMapper(value['mapper'], 0)) return false;
  const list = value['byAsset'];
  return (
    list === undefined ||
    (Array.isArray(list) && list.every((one: unknown) => isFields(one) && isAssetKey(one['asset']) && isMapper(one['mapper'], 0)))
  );
}

function isMapper(value: unknown, depth: number): boolean {
  if (!isFields(value) || depth > MAPPER_DEPTH_MAX) return false;
  const inner = () => Array.isArray(value['mappers']) && (value['mappers'] as unknown[]).every((one) => isMapper(one, depth + 1));
  switch (value['kind']) {
    case 'identity':
      return true;
    case 'allowed':
      return Array.isArray(value['keys']) && (value['keys'] as unknown[]).every((key) => typeof key === 'string');
    case 'start_of':
      return PERIODS.includes(value['period'] as never) && typeof value['timezone'] === 'string';
    case 'chain':
      return inner();
    case 'product':
      return inner() && isShortText(value['delimiter']);
    default:
      return false;
  }
}

/** The partition of a cron schedule: the form of its keys, and how many ticks they lie off. */
export function isTickPartition(value: unknown): boolean {
  return (
    isFields(value) &&
    hasOnly(value, ['format', 'offsetTicks']) &&
    typeof value['format'] === 'string' &&
    isKeyFormat(value['format']) &&
    Number.isSafeInteger(value['offsetTicks'])
  );
}
