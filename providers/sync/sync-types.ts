/** What sources and destinations of a sync say to each other. */
import type { RecordBatch } from 'apache-arrow';
import type { SyncOpening, SyncResetWish } from '#core/sync/sync-report.ts';
import type { Ctx } from '#sdk/context.ts';

/** Plain JSON by which a source goes on: what it was given with the last page that was written. */
export type SyncState = Readonly<Record<string, unknown>>;

export type SyncCtx = Pick<Ctx<unknown>, 'conn' | 'signal' | 'log' | 'scratch'>;

/** Rows, and where to go on after them. */
export interface SyncPage {
  readonly batch: RecordBatch;
  readonly state: SyncState;
}

export interface SyncSource {
  /** Shown in the log: "postgres public.orders". */
  readonly name: string;
  /** Yields what is there after `state`, null = from the start; ends when nothing more is there now. */
  pages(ctx: SyncCtx, state: SyncState | null): AsyncIterable<SyncPage>;
  /** The keys of all rows that there are, for finding out which are gone. Absent: it cannot tell. */
  keys?(ctx: SyncCtx, key: readonly string[]): AsyncIterable<RecordBatch>;
}

/** What becomes of a source whose columns change: new ones are added, none are taken away. */
export type SyncSchemaPolicy = 'evolve' | 'fail' | 'discard';

export interface SyncStream {
  /** Names the state in the destination: two syncs into one place need two names. */
  readonly name: string;
  readonly schemaChange: SyncSchemaPolicy;
}

export interface OpenDestination extends AsyncDisposable {
  /** Of the last page that was written; null = none was. */
  state(): Promise<SyncState | null>;
  /** Rows and state are kept together, or neither is: whatever dies between, nothing is lost and nothing is there twice. */
  write(page: SyncPage): Promise<void>;
  /**
   * Forgets the state, and removes the rows if the wish says so; returns how many rows or files. Whatever dies in between: called again
   * with the same id it does what is left to do, and after that nothing. Of a destination that says `resets`.
   */
  reset?(wish: SyncResetWish): Promise<number>;
  /** Removes the rows whose key is not among these; returns how many. Absent: it only adds. */
  readonly removal?: { readonly key: readonly string[]; keepOnly(keys: AsyncIterable<RecordBatch>): Promise<number> };
}

export interface SyncDestination {
  /** Shown in the log and on the pages; with the stream's name it says which stream it is, so it names the place and how it is reached. */
  readonly name: string;
  /** What a sync that begins from the start does to the rows that are there. Absent: it cannot be asked to. */
  readonly resets?: NonNullable<SyncOpening['resets']>;
  open(ctx: SyncCtx, stream: SyncStream): Promise<OpenDestination>;
}
