/** What the pages of assets read. */
import type { AssetColumn, AssetSample, ColumnSource, SchemaPolicy } from '#core/assets/asset-version.ts';
import type { UiAssetWait, UiTaskName } from './types.ts';

export interface UiAssetName {
  readonly assetId: number;
  readonly name: string;
}

export interface UiAssetCard {
  readonly assetId: number;
  readonly name: string;
  readonly uri: string;
  readonly group: string;
  readonly isActive: boolean;
  readonly producers: readonly UiTaskName[];
  readonly scheduledDags: readonly string[];
  readonly readers: readonly UiTaskName[];
  readonly lastEventAt: string | null;
  readonly freshnessMs: number | null;
  readonly isOverdue: boolean;
  /** "file", "http": what watches it. */
  readonly watch: string | null;
  /** Why it cannot be watched, or what is not known of some time. */
  readonly watchNote: string | null;
  readonly description: string | null;
  readonly owner: string | null;
  readonly tags: readonly string[];
  /** Of its newest version; null = not known. */
  readonly columnCount: number | null;
  readonly rowCount: number | null;
  readonly bytes: number | null;
}

/** GET /ui/api/assets?search=&column=&tag=&owner=&all=&limit=&offset= */
export interface UiAssetList {
  readonly assets: readonly UiAssetCard[];
  readonly total: number;
}

/** GET /ui/api/assets/{id} */
export interface UiAsset extends UiAssetCard {
  readonly extra: Readonly<Record<string, unknown>>;
  readonly aliases: readonly string[];
  readonly columns: readonly AssetColumn[] | null;
  readonly columnLineage: Readonly<Record<string, readonly ColumnSource[]>> | null;
  /** The first rows of the newest version that kept them. */
  readonly sample: AssetSample | null;
  /** The version that it is of. */
  readonly sampleVersionId: number | null;
  readonly sampledAt: string | null;
  /** False: the asset wants no rows to be kept. */
  readonly keepsRows: boolean;
  readonly schemaChange: SchemaPolicy;
  readonly keepVersions: number | null;
  readonly keepMs: number | null;
  /** Assets that its versions were made of, and that were made of them. */
  readonly upstream: readonly UiAssetName[];
  readonly downstream: readonly UiAssetName[];
  readonly watchedAt: string | null;
  readonly createdAt: string;
  readonly waits: readonly { readonly dagId: string; readonly isPaused: boolean; readonly wait: UiAssetWait }[];
}
