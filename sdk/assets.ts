/** Assets: things that tasks make and other DAGs wait for. */
import { ASSET_LIMITS, DEFAULT_GROUP } from '#core/assets/asset-spec.ts';
import { readSchemaPolicy, type SchemaPolicy, VERSION_LIMITS, type VersionRetention } from '#core/assets/asset-version.ts';
import { normaliseUri } from '#core/assets/normalise-uri.ts';
import type { WatchSpec } from '#core/assets/watch.ts';
import { type Duration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { PartitionBy } from './partitions.ts';
import type { Schedule } from './schedule.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';
import { readWatch, type Watch } from './watch.ts';

export interface Asset {
  readonly kind: 'asset';
  readonly name: string;
  /** In its one spelling. */
  readonly uri: string;
  readonly group: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly freshnessMs: number | null;
  readonly watch: WatchSpec | null;
  readonly description: string | null;
  readonly owner: string | null;
  readonly tags: readonly string[];
  readonly schemaChange: SchemaPolicy | null;
  readonly retain: VersionRetention | null;
  readonly previewRows: number | null;
}

export interface AssetOptions {
  /** Shown beside the name, to sort by. Default "asset". */
  group?: string;
  /** Plain JSON about the asset itself. */
  extra?: Readonly<Record<string, unknown>>;
  /** It is overdue when its newest event is older. */
  freshness?: Duration;
  /** Makes events by watching a place that nothing in Windlass writes. */
  watch?: Watch;
  /** Shown in the catalogue. */
  description?: string;
  /** Whom to ask about it. */
  owner?: string;
  /** To be found by. */
  tags?: readonly string[];
  /**
   * What becomes of a writing whose columns no longer fit those before (a column is gone, has another type, or is new and never
   * null): `fail` fails the task before anything is published, `warn` says so in its log. Default `allow`.
   */
  schemaChange?: SchemaPolicy;
  /** Which versions the catalogue keeps: the last so many, those of so long, or what either keeps. Default: as the settings say. */
  retain?: { versions?: number; for?: Duration };
  /**
   * The first so many rows of each version, at most 50, for everybody who may see the catalogue. Default: 20, of the newest versions. `false`:
   * none are kept.
   */
  preview?: number | false;
}

/** Stands for assets that only a running task knows. */
export interface AssetAlias {
  readonly kind: 'asset_alias';
  readonly name: string;
  readonly group: string;
}

/** An asset that another DAG file defines, by its name or its URI. */
export interface AssetRef {
  readonly kind: 'asset_ref';
  readonly name?: string;
  readonly uri?: string;
}

/** What an asset schedule, an outlet or an inlet may name. */
export type AssetLike = Asset | AssetAlias | AssetRef;

export type AssetExpression = AssetLike | { readonly all: readonly AssetExpression[] } | { readonly any: readonly AssetExpression[] };

export interface AssetScheduleOptions {
  /** One run for each event. Default: one run with all events since the last run. */
  each?: boolean;
  /** One run for each partition key. */
  partition?: PartitionBy;
}

/** A schedule on assets. */
export interface AssetSchedule extends AssetScheduleOptions {
  readonly assets: AssetExpression;
  /** assetOrTime: the time that starts runs as well. */
  readonly time?: Schedule;
}

const OPTIONS: OptionTable = {
  name: 'known',
  uri: 'known',
  group: 'known',
  extra: 'known',
  freshness: 'known',
  watch: 'known',
  description: 'known',
  owner: 'known',
  tags: 'known',
  schemaChange: 'known',
  retain: 'known',
  preview: 'known',
};
const TAGS_MAX = 50;

const refuse = (message: string): never => {
  throw new AppError('DAG_INVALID', message);
};

/**
 * An asset, by its name or URI (each stands in for the other) or both. Two spellings of one URI are one asset. Throws
 * DAG_INVALID when the URI is not one its scheme allows.
 */
export function asset(nameOrUri: string | ({ name?: string; uri?: string } & AssetOptions), options: AssetOptions = {}): Asset {
  const given = typeof nameOrUri === 'string' ? { name: nameOrUri, ...options } : { ...nameOrUri, ...options };
  const where = `asset ${JSON.stringify(given.name ?? given.uri ?? '')}`;
  checkOptions(where, given, OPTIONS);
  const name = given.name ?? given.uri;
  if (typeof name !== 'string' || name.trim() === '')
    return refuse(
      'asset(...) needs a name or a URI, like asset("s3://bucket/orders") or asset({ name: "orders", uri: "s3://bucket/orders" }).',
    );
  const normalised = normaliseUri(given.uri ?? name);
  if ('problem' in normalised) return refuse(`The URI ${JSON.stringify(given.uri ?? name)} of ${where} ${normalised.problem}.`);
  // Given as a URI only: then its one spelling is the name as well.
  const known = name === (given.uri ?? name) ? normalised.uri : checkName(where, name);
  return {
    kind: 'asset',
    name: known,
    uri: normalised.uri,
    group: given.group ?? DEFAULT_GROUP,
    extra: plainExtra(where, given.extra),
    freshnessMs:
      given.freshness === undefined
        ? null
        : (parseDuration(given.freshness) ?? refuse(`Option "freshness" of ${where} must be a duration like "26h".`)),
    watch: given.watch === undefined ? null : readWatch(where, given.watch),
    description: readWords(where, 'description', given.description),
    owner: readWords(where, 'owner', given.owner),
    tags: readTags(where, given.tags),
    schemaChange: readSchemaPolicy(where, given.schemaChange),
    retain: readRetain(where, given.retain),
    previewRows: readPreview(where, given.preview),
  };
}

function readWords(where: string, option: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.trim() !== '' && value.length <= ASSET_LIMITS.textChars && !value.includes('\0'))
    return value.trim();
  return refuse(`Option "${option}" of ${where} must be text, not empty, of at most ${ASSET_LIMITS.textChars} characters.`);
}

function readTags(where: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > TAGS_MAX)
    return refuse(`Option "tags" of ${where} must be a list of at most ${TAGS_MAX} texts.`);
  return [...new Set((value as unknown[]).map((tag) => readWords(where, 'tags', tag ?? '') as string))];
}

function readPreview(where: string, value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (value === false) return 0;
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= VERSION_LIMITS.sampleRows) return value as number;
  return refuse(`Option "preview" of ${where} must be a whole number of rows up to ${VERSION_LIMITS.sampleRows}, or false.`);
}

function readRetain(where: string, value: AssetOptions['retain']): VersionRetention | null {
  if (value === undefined || value === null) return null;
  checkOptions(`"retain" of ${where}`, value, { versions: 'known', for: 'known' });
  const keptMs = value.for === undefined ? undefined : parseDuration(value.for);
  if (value.versions !== undefined && !(Number.isSafeInteger(value.versions) && value.versions >= 1))
    return refuse(`Option "retain" of ${where}: versions must be a whole number, 1 or more.`);
  if (keptMs === null || keptMs === 0) return refuse(`Option "retain" of ${where}: for must be a duration like "90d".`);
  if (value.versions === undefined && keptMs === undefined)
    return refuse(`Option "retain" of ${where} is empty. Say { versions: 30 }, { for: "90d" } or both.`);
  return { ...(value.versions !== undefined && { versions: value.versions }), ...(keptMs !== undefined && { keptMs }) };
}

function checkName(where: string, name: string): string {
  const checked = normaliseUri(name);
  return 'problem' in checked ? refuse(`The name of ${where} ${checked.problem}.`) : name.trim();
}

function plainExtra(where: string, extra: unknown): Readonly<Record<string, unknown>> {
  if (extra === undefined) return {};
  try {
    const plain: unknown = JSON.parse(JSON.stringify(extra));
    if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain as Record<string, unknown>;
  } catch {
    // Said below.
  }
  return refuse(`Option "extra" of ${where} must be an object of plain JSON.`);
}

/** A name for assets that only a running task knows: `ctx.outlets.get(alias).add(asset(…))`. */
export function assetAlias(name: string, options: { group?: string } = {}): AssetAlias {
  checkOptions(`assetAlias ${JSON.stringify(name)}`, options, { group: 'known' });
  if (typeof name !== 'string' || name.trim() === '') return refuse('assetAlias(name) needs a name.');
  return { kind: 'asset_alias', name: checkName(`assetAlias ${JSON.stringify(name)}`, name), group: options.group ?? '' };
}

/** An asset that is defined elsewhere, by its name or URI. */
export function assetRef(by: { name: string } | { uri: string }): AssetRef {
  const { name, uri } = by as { name?: string; uri?: string };
  if (typeof uri === 'string' && uri !== '') {
    const normalised = normaliseUri(uri);
    return 'problem' in normalised
      ? refuse(`The URI ${JSON.stringify(uri)} of assetRef ${normalised.problem}.`)
      : { kind: 'asset_ref', uri: normalised.uri };
  }
  if (typeof name === 'string' && name !== '') return { kind: 'asset_ref', name };
  return refuse('assetRef(...) needs a name or a URI: assetRef({ name: "orders" }).');
}

/** All of these have an event. May be nested with `any`. */
export function all(...assets: AssetExpression[]): AssetExpression {
  return { all: assets };
}

/** At least one of these has an event. May be nested with `all`. */
export function any(...assets: AssetExpression[]): AssetExpression {
  return { any: assets };
}

/** Runs when the expression holds for the events since the last run: `onAssets(all(a, any(b, c)))`. */
export const onAssets = Object.assign(
  (assets: AssetExpression | readonly AssetExpression[], options: AssetScheduleOptions = {}): AssetSchedule => ({
    ...options,
    assets: Array.isArray(assets) ? { all: assets as readonly AssetExpression[] } : (assets as AssetExpression),
  }),
  {
    all: (...assets: AssetExpression[]): AssetSchedule => ({ assets: { all: assets } }),
    any: (...assets: AssetExpression[]): AssetSchedule => ({ assets: { any: assets } }),
  },
);

/** Runs at the times of the schedule, and when the assets have events: either cause starts a run. */
export function assetOrTime(
  schedule: Schedule,
  assets: AssetExpression | readonly AssetExpression[],
  options: AssetScheduleOptions = {},
): AssetSchedule {
  return { ...onAssets(assets, options), time: schedule };
}
