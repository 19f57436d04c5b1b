/** What handlers see of assets. */
import type { VersionFacts } from '#core/assets/asset-version.ts';
import type { Asset, AssetLike, AssetRef } from './assets.ts';

export interface AssetEvent {
  readonly id: number;
  readonly asset: { readonly name: string; readonly uri: string };
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partitionKey: string | null;
  readonly timestamp: Date;
  /** The task that made it; null = it came from elsewhere. */
  readonly source: { readonly dagId: string; readonly runId: string; readonly taskId: string; readonly mapIndex: number } | null;
}

export interface EmitOptions {
  /** Plain JSON, stored with the event. */
  extra?: Readonly<Record<string, unknown>>;
  /** Default: that of the run. */
  partitionKey?: string;
  /** What was written, for the catalogue. Default: what the writers of the providers reported. */
  version?: VersionFacts;
}

export interface Outlet {
  /** Stored with the event: set it, or its parts. */
  extra: Record<string, unknown>;
  /** Says what was written, for the catalogue; it counts more than what the writers of the providers report by themselves. */
  describe(version: VersionFacts): void;
  /** For an alias: this asset was updated. */
  add(found: Asset, options?: EmitOptions): void;
}

export interface InletQuery {
  /** At or after this instant. */
  after?: Date | string;
  before?: Date | string;
  /** At most this many; default 100. */
  limit?: number;
  /** Oldest first; default newest first. */
  ascending?: boolean;
  partitionKey?: string;
  /** Only events whose extra contains this. */
  extra?: Readonly<Record<string, unknown>>;
}

export interface AssetsOfTask {
  /** What is said of the task's outlets; written as events when the task succeeds. */
  readonly outlets: { get(of: AssetLike): Outlet };
  /** Says of an outlet what its event is to carry. Once more, with another partitionKey: one more event. */
  emit(of: Asset | AssetRef, options?: EmitOptions): void;
  /** Past events of one of the task's inlets. */
  inletEvents(of: AssetLike, query?: InletQuery): Promise<readonly AssetEvent[]>;
  /** The events that made this run, by the name of their asset; empty when assets did not make it. */
  readonly triggeringAssetEvents: Readonly<Record<string, readonly AssetEvent[]>>;
  /** The partition the run is for, or null. */
  readonly partitionKey: string | null;
}
