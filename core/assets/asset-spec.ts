/** Assets in a spec: what a DAG defines, makes, reads and waits for. Plain data. */
import type { SchemaPolicy, VersionFacts, VersionRetention } from './asset-version.ts';
import type { PartitionSchedule } from './partition.ts';
import type { WatchSpec } from './watch.ts';

/** Name and URI together are the asset itself; one of them alone refers to whichever asset has it. */
export interface AssetKey {
  readonly name?: string;
  readonly uri?: string;
}

export interface AssetDefinition {
  readonly name: string;
  readonly uri: string;
  readonly group: string;
  readonly extra: Readonly<Record<string, unknown>>;
  /** It is overdue when its newest event is older. */
  readonly freshnessMs?: number;
  /** Where its events come from when no task makes it. */
  readonly watch?: WatchSpec;
  readonly description?: string;
  readonly owner?: string;
  readonly tags?: readonly string[];
  /** Absent = 'allow'. */
  readonly schemaChange?: SchemaPolicy;
  /** Which of its versions are kept. Absent = as the settings say. */
  readonly retain?: VersionRetention;
  /** Rows of each version that people may look at; 0 = none. Absent = some of the newest (VERSION_LIMITS). */
  readonly previewRows?: number;
}

/** A name for assets that are known only when a task runs. */
export interface AliasDefinition {
  readonly name: string;
  readonly group: string;
}

export type AssetUse = { readonly asset: AssetKey } | { readonly alias: string };

export type AssetCondition = AssetUse | { readonly all: readonly AssetCondition[] } | { readonly any: readonly AssetCondition[] };

/** Runs a DAG when its assets have events; beside its schedule by time, if it has one. */
export interface AssetScheduleSpec {
  readonly condition: AssetCondition;
  /** One run for each event, rather than one with all events since the last run. */
  readonly each?: true;
  /** One run for each partition key, when every asset that is needed has an event with it. */
  readonly partition?: PartitionSchedule;
}

/** What a task body said of an outlet, or of an asset it found for an alias. */
export interface AssetEmission {
  readonly name?: string;
  readonly uri?: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partitionKey?: string;
  /** What was written. Absent = nobody said. */
  readonly version?: VersionFacts;
  /** The alias through which the asset was found, and what to know of it should it be new. */
  readonly alias?: string;
  readonly group?: string;
}

export const ASSET_LIMITS = {
  /** Leaves of one condition; uses of one task. */
  leaves: 200,
  textChars: 1_500,
  emissionsPerTask: 1_000,
  extraBytes: 64 * 1024,
} as const;

export const DEFAULT_GROUP = 'asset';
