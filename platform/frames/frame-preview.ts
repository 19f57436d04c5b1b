/**
 * Looks into frames that tasks have written: rows of any place, and what a column is like. No code of an author runs, and memory is bounded by
 * what is shown, not by the frame.
 */
import type { DataType } from 'apache-arrow';
import { AppError } from '#core/errors.ts';
import type { RangedBytes } from '../bytes/ranged-bytes.ts';
import { cellText } from './cell-text.ts';
import { type CellKind, cellKindOf, placesOf } from './column-layout.ts';
import { type FrameIndex, indexFrame } from './frame-index.ts';
import { FRAME_LIMITS } from './frame-limits.ts';
import { openBatch } from './open-batch.ts';
import { type RawCell, readValues } from './read-values.ts';
import { Summariser } from './summarise.ts';

export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  /** How it is set: numbers to the right. */
  readonly align: 'left' | 'right';
  readonly isShown: boolean;
}

export interface FrameHead {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly ShownColumn[];
  /** More than these are not shown. */
  readonly columnCount: number;
}

export interface ColumnSummary {
  readonly rows: number;
  /** The rest was not looked at: the column is very long. */
  readonly isWhole: boolean;
  readonly nulls: number;
  readonly nans: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: string | null;
  readonly distinct: number | null;
  readonly top: readonly { readonly value: string; readonly count: number }[];
  readonly counts: readonly number[] | null;
}

const CHUNK_ROWS = 16_384;
const INDEXES_KEPT = 32;
const SUMMARIES_KEPT = 1_000;

export class FramePreviews {
  readonly #indexes = new Map<string, FrameIndex>();
  readonly #summaries = new Map<string, Promise<ColumnSummary>>();
  /** One column is looked through at a time: others wait, requests for rows do not. */
  #scanning: Promise<unknown> = Promise.resolve();

  async head(bytes: RangedBytes): Promise<FrameHead> {
    const { fields, rows } = await this.#index(bytes);
    return {
      rows,
      bytes: bytes.size,
      columnCount: fields.length,
      columns: fields.slice(0, FRAME_LIMITS.columns).map(({ name, type }) => {
        const kind = cellKindOf(type);
        return { name, type: String(type), align: isRight(kind, type) ? 'right' : 'left', isShown: kind !== null };
      }),
    };
  }

  /** Row by row, as text; null is null. Fewer rows than asked for at the end. */
  async rows(bytes: RangedBytes, offset: number, limit: number): Promise<readonly (readonly (string | null)[])[]> {
    const index = await this.#index(bytes);
    const from = Math.max(0, offset);
    const to = Math.min(index.rows, from + Math.min(limit, FRAME_LIMITS.rowsPerPage));
    const places = placesOf(index.fields);
    const rows: (string | null)[][] = [];
    for (const batch of index.batches) {
      const [first, last] = [Math.max(from, batch.firstRow), Math.min(to, batch.firstRow + batch.rows)];
      if (first >= last) continue;
      const open = await openBatch(bytes, batch);
      const columns: (readonly (string | null)[])[] = [];
      for (const [number, { type }] of index.fields.slice(0, FRAME_LIMITS.columns).entries()) {
        const place = places[number] ?? null;
        const wanted = { type, place: place ?? { node: 0, buffer: 0 }, from: first - batch.firstRow, to: last - batch.firstRow };
        const cells = place === null ? null : await readValues(bytes, open, { ...wanted, dictionaries: batch.dictionaries });
        columns.push(cells === null ? Array.from({ length: last - first }, () => null) : cells.map((cell) => cellText(type, cell)));
      }
      for (let row = 0; row < last - first; row++) rows.push(columns.map((column) => column[row] ?? null));
    }
    return rows;
  }

  /** Throws NOT_FOUND when there is no such column, BAD_REQUEST when its type is not shown. */
  async column(bytes: RangedBytes, name: string): Promise<ColumnSummary> {
    const key = JSON.stringify([bytes.identity, name]);
    const known = this.#summaries.get(key);
    if (known !== undefined) return known;
    const summary = this.#scanning.then(() => this.#scan(bytes, name));
    this.#scanning = summary.catch(() => undefined);
    remember(this.#summaries, key, summary, SUMMARIES_KEPT);
    summary.catch(() => this.#summaries.delete(key));
    return summary;
  }

  async #scan(bytes: RangedBytes, name: string): Promise<ColumnSummary> {
    const index = await this.#index(bytes);
    const number = index.fields.findIndex((field) => field.name === name);
    const type = index.fields[number]?.type;
    if (type === undefined) throw new AppError('NOT_FOUND', `The frame has no column "${name}".`);
    const place = placesOf(index.fields)[number] ?? null;
    if (place === null || cellKindOf(type) === null) throw new AppError('BAD_REQUEST', `Cells of type ${type} are not summed up.`);
    const summariser = new Summariser(isScale(type));
    const each = async (take: (cells: readonly RawCell[]) => void) => {
      let seen = 0;
      for (const batch of index.batches) {
        const open = await openBatch(bytes, batch);
        for (let from = 0; from < batch.rows && seen < FRAME_LIMITS.scannedRows; from += CHUNK_ROWS) {
          const to = Math.min(batch.rows, from + CHUNK_ROWS);
          // Each read lets others have a turn.
          take((await readValues(bytes, open, { type, place, from, to, dictionaries: batch.dictionaries })) ?? []);
          seen += to - from;
        }
      }
    };
    await each((cells) => summariser.add(cells));
    if (summariser.wantsSecondPass) await each((cells) => summariser.addAgain(cells));
    return shown(summariser, type, index.rows);
  }

  async #index(bytes: RangedBytes): Promise<FrameIndex> {
    const known = this.#indexes.get(bytes.identity);
    if (known !== undefined) return known;
    const index = await indexFrame(bytes);
    remember(this.#indexes, bytes.identity, index, INDEXES_KEPT);
    return index;
  }
}

function shown(summariser: Summariser, type: DataType, rows: number): ColumnSummary {
  const { mean, top, spread, ...rest } = summariser.summary();
  // What is nested has no order.
  const { min, max } = cellKindOf(type) === 'nested' ? { min: null, max: null } : rest;
  const isNumber = cellKindOf(type) === 'float' || /^U?[Ii]nt/.test(String(type));
  return {
    ...rest,
    isWhole: rest.rows === rows,
    min: cellText(type, min),
    max: cellText(type, max),
    mean: mean === null || !isNumber ? null : String(Number(mean.toPrecision(6))),
    top: top.map(({ value, count }) => ({ value: cellText(type, value) ?? '', count })),
    counts: spread?.counts ?? null,
  };
}

const SCALES: ReadonlySet<CellKind> = new Set(['int', 'int64', 'float']);

function isScale(type: DataType): boolean {
  return SCALES.has(cellKindOf(type));
}

function isRight(kind: CellKind, type: DataType): boolean {
  return SCALES.has(kind) && !/^(Date|Time)/.test(String(type));
}

function remember<K, V>(map: Map<K, V>, key: K, value: V, keptMax: number): void {
  map.set(key, value);
  if (map.size > keptMax) map.delete(map.keys().next().value as K);
}
