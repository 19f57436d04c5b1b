/** What the pages about data read: checks, syncs, blocks, and looks into frames. */
import type { BlockKind } from '#core/block.ts';
import type { SyncRemoves, SyncResetRows } from '#core/sync/sync-report.ts';

export interface UiCheck {
  readonly tryNumber: number;
  readonly name: string;
  readonly passed: boolean;
  readonly message: string | null;
}

/** What one try of a task instance synced. */
export interface UiSyncOfInstance {
  readonly syncId: number;
  readonly tryNumber: number;
  readonly stream: string;
  readonly source: string;
  readonly destination: string;
  /** False = it did not get so far as to know where it goes on. */
  readonly hasBegun: boolean;
  /** Where it went on; null = from the start. */
  readonly before: unknown;
  readonly after: unknown;
  readonly rows: number;
  readonly pages: number;
  /** Rows that the source has no more; null = it did not look. */
  readonly removed: number | null;
  /** It began from the start because somebody wanted it so. */
  readonly reset: {
    readonly rows: SyncResetRows;
    readonly by: string;
    readonly removed: number | null;
    readonly removes: SyncRemoves;
  } | null;
}

/** GET …/tasks/{taskId}/frame?key=return_value */
export interface UiFrame {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly align: 'left' | 'right';
    /** false: cells of this type are not shown. */
    readonly isShown: boolean;
  }[];
  /** Of all columns; only the first ones are listed. */
  readonly columnCount: number;
}

/** GET …/tasks/{taskId}/frame/rows?key=return_value&offset=0&limit=100 */
export interface UiFrameRows {
  readonly offset: number;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** GET …/tasks/{taskId}/frame/column?key=return_value&column=fare */
export interface UiFrameColumnSummary {
  /** Rows that were looked at. */
  readonly rows: number;
  readonly isWhole: boolean;
  readonly nulls: number;
  readonly nans: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: string | null;
  /** Different values of texts and bools; null = too many to count, or not counted. */
  readonly distinct: number | null;
  readonly top: readonly { readonly value: string; readonly count: number }[];
  /** How many values lie in each equal part between min and max. */
  readonly counts: readonly number[] | null;
}

/** GET /ui/api/blocks */
export interface UiBlocks {
  readonly blocks: readonly {
    readonly name: string;
    readonly kind: BlockKind;
    readonly usedBy: readonly { readonly dagId: string; readonly taskId: string; readonly checks: number }[];
  }[];
}
