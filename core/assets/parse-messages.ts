/** Checks what a task process says about assets: a stranger's words until they pass here. */
import type { AssetEventQuery } from '../task-protocol.ts';
import { ASSET_LIMITS, type AssetEmission } from './asset-spec.ts';
import { parseFacts } from './asset-version.ts';
import { isAssetUse } from './validate-assets.ts';

type Fields = Readonly<Record<string, unknown>>;

export const EVENTS_MAX = 1_000;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && value.length <= ASSET_LIMITS.textChars && !value.includes('\0') && value.isWellFormed()
  );
}

/** Jsonb holds neither U+0000 nor half of a surrogate pair; what is too large is left out whole. */
function readExtra(value: unknown): Fields | null {
  if (value === undefined) return {};
  if (!isFields(value)) return null;
  const text = JSON.stringify(value);
  return text.length > ASSET_LIMITS.extraBytes || /\\u(?:0000|d[89a-f][0-9a-f]{2})/.test(text) ? null : value;
}

/** What is no emission is left out. */
export function parseEmissions(value: unknown): readonly AssetEmission[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(0, ASSET_LIMITS.emissionsPerTask).flatMap((one): AssetEmission[] => {
    if (!isFields(one)) return [];
    const { name, uri, partitionKey, alias, group } = one;
    const extra = readExtra(one['extra']);
    const texts = { name, uri, partitionKey, alias, group };
    if (extra === null || !Object.values(texts).every((text) => text === undefined || isText(text))) return [];
    if (name === undefined && uri === undefined) return [];
    const version = parseFacts(one['version']);
    return [
      {
        extra,
        ...(version !== null && { version }),
        ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
      },
    ];
  });
}

/** Null when it is no question. */
export function parseAssetQuery(value: unknown): AssetEventQuery | null {
  if (!isFields(value) || !isAssetUse(value['of'])) return null;
  const { of, after, before, limit, ascending, partitionKey } = value;
  const extra = value['extra'] === undefined ? undefined : readExtra(value['extra']);
  const isInstant = (text: unknown) => typeof text === 'string' && !Number.isNaN(Date.parse(text));
  if ((after !== undefined && !isInstant(after)) || (before !== undefined && !isInstant(before)) || extra === null) return null;
  if (partitionKey !== undefined && !isText(partitionKey)) return null;
  const most = Number.isSafeInteger(limit) ? Math.min(EVENTS_MAX, Math.max(1, limit as number)) : 100;
  return {
    of: of as AssetEventQuery['of'],
    limit: most,
    ascending: ascending === true,
    ...(after !== undefined && { after: after as string }),
    ...(before !== undefined && { before: before as string }),
    ...(partitionKey !== undefined && { partitionKey: partitionKey as string }),
    ...(extra !== undefined && { extra }),
  };
}
