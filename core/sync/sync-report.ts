/** What a task that syncs says of it while it runs, and what it is told: a stranger's words until they pass here. */
import { storable, unstorablePart } from '../storable.ts';

/** What becomes of a row of the source that comes again. */
export type SyncRowsAre = 'replaced' | 'added';
/** What is gone when rows are removed: all of a table, whoever wrote it, or the files that the stream has written. */
export type SyncRemoves = 'table' | 'files';
/** What is to become of the rows that are there when a stream begins from the start. */
export type SyncResetRows = 'keep' | 'remove';

export interface SyncOpening {
  readonly stream: string;
  readonly source: string;
  readonly destination: string;
  /** Null = it cannot begin from the start by itself. */
  readonly resets: { readonly rowsAre: SyncRowsAre; readonly removes: SyncRemoves } | null;
}

/** To be carried out before the first page. The same id is told until it was said that it is done. */
export interface SyncResetWish {
  readonly resetId: string;
  readonly rows: SyncResetRows;
  readonly by: string;
}

export interface SyncOpened {
  readonly syncId: number;
  readonly reset: SyncResetWish | null;
}

export interface SyncProgress {
  readonly syncId: number;
  /** Where the attempt went on; with its first report only. Null = from the start. */
  readonly before?: unknown;
  /** After the last page. */
  readonly state: unknown;
  /** Since the last report. */
  readonly rows: number;
  readonly pages: number;
  readonly removed: number | null;
}

export interface SyncResetDone {
  readonly syncId: number;
  readonly resetId: string;
  /** Rows or files. */
  readonly removed: number;
}

const NAME_CHARS_MAX = 100;
const PLACE_CHARS_MAX = 1_000;
/** A state may list every file that was read: of such a one its beginning is shown. */
const STATE_CHARS_MAX = 8_192;

type Fields = Readonly<Record<string, unknown>>;

/** What of a state is kept to be shown: `{ cut: "…" }` of a long one. */
export function shownState(state: unknown): unknown {
  if (unstorablePart(state) !== null) return { cut: '(it cannot be shown)' };
  const text = JSON.stringify(state ?? null);
  return text.length <= STATE_CHARS_MAX ? (state ?? null) : { cut: storable(text, STATE_CHARS_MAX) };
}

/** The name of a place, as it can be stored. */
export function shownPlace(name: string): string {
  return storable(name, PLACE_CHARS_MAX - 1) || '?';
}

/** Null when it is none. */
export function parseOpening({ stream, source, destination, resets }: Fields): SyncOpening | null {
  if (!isText(stream, NAME_CHARS_MAX) || !isText(source, PLACE_CHARS_MAX) || !isText(destination, PLACE_CHARS_MAX)) return null;
  if (resets === null || resets === undefined) return { stream, source, destination, resets: null };
  const { rowsAre, removes } = resets as Fields;
  if (rowsAre !== 'replaced' && rowsAre !== 'added') return null;
  return removes === 'table' || removes === 'files' ? { stream, source, destination, resets: { rowsAre, removes } } : null;
}

/** Null when it is none. */
export function parseProgress({ syncId, before, state, rows, pages, removed }: Fields): SyncProgress | null {
  if (!isCount(syncId) || !isCount(rows) || !isCount(pages)) return null;
  if (!(removed === null || isCount(removed))) return null;
  return { syncId, ...(before !== undefined && { before: shownState(before) }), state: shownState(state), rows, pages, removed };
}

/** Null when it is none. */
export function parseResetDone({ syncId, resetId, removed }: Fields): SyncResetDone | null {
  if (!isCount(syncId) || !isCount(removed) || typeof resetId !== 'string') return null;
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(resetId) ? { syncId, resetId, removed } : null;
}

function isText(value: unknown, charsMax: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= charsMax && !value.includes('\0') && value.isWellFormed();
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
