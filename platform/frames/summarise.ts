/**
 * What a column is like: nulls, least and greatest, and how its values are spread. Fed with some rows at a time, it holds no more than a few
 * thousand values. Numbers and times are looked at twice: the first pass finds the ends of the scale.
 */
import type { RawCell } from './read-values.ts';

export interface Spread {
  /** How many values lie in each equal part between the least and the greatest. */
  readonly counts: readonly number[];
}

export interface Summary {
  readonly rows: number;
  readonly nulls: number;
  readonly min: RawCell;
  readonly max: RawCell;
  /** Of numbers. */
  readonly mean: number | null;
  readonly nans: number;
  /** How many different values of a text or a bool; null = more than are counted. */
  readonly distinct: number | null;
  /** The most frequent ones of a text or a bool, when there are few enough to be counted. */
  readonly top: readonly { readonly value: RawCell; readonly count: number }[];
  readonly spread: Spread | null;
}

export const PARTS = 24;
const DISTINCT_MAX = 2_000;
const TOP = 8;

/** Feed it every row once, then again when `wantsSecondPass`. */
export class Summariser {
  #rows = 0;
  #nulls = 0;
  #nans = 0;
  #min: RawCell = null;
  #max: RawCell = null;
  #sum = 0;
  #words: Map<RawCell, number> | null = new Map();
  #counts: number[] | null = null;
  readonly #isScale: boolean;

  /** `isScale`: numbers and times, which have a spread; else words are counted. */
  constructor(isScale: boolean) {
    this.#isScale = isScale;
  }

  get wantsSecondPass(): boolean {
    return this.#isScale && this.#min !== null;
  }

  add(cells: readonly RawCell[]): void {
    this.#rows += cells.length;
    for (const cell of cells) {
      if (cell === null) this.#nulls += 1;
      else if (typeof cell === 'number' && Number.isNaN(cell)) this.#nans += 1;
      else this.#look(cell);
    }
  }

  #look(cell: Exclude<RawCell, null>): void {
    if (this.#min === null || cell < this.#min) this.#min = cell;
    if (this.#max === null || cell > this.#max) this.#max = cell;
    if (this.#isScale) {
      this.#sum += Number(cell);
      return;
    }
    if (this.#words === null) return;
    this.#words.set(cell, (this.#words.get(cell) ?? 0) + 1);
    if (this.#words.size > DISTINCT_MAX) this.#words = null;
  }

  addAgain(cells: readonly RawCell[]): void {
    this.#counts ??= Array.from({ length: PARTS }, () => 0);
    const counts = this.#counts;
    const [least, width] = this.#scale();
    for (const cell of cells) {
      const number = Number(cell);
      if (cell === null || Number.isNaN(number)) continue;
      const share = width === 0 ? 0 : (number - least) / width;
      // Infinite ends have no scale: their values stand at the ends.
      const part = Number.isNaN(share) ? (number > least ? PARTS - 1 : 0) : Math.min(PARTS - 1, Math.floor(share * PARTS));
      counts[part] = (counts[part] ?? 0) + 1;
    }
  }

  #scale(): readonly [number, number] {
    const least = Number(this.#min);
    return [least, Number(this.#max) - least];
  }

  summary(): Summary {
    const words = this.#isScale ? null : this.#words;
    const values = this.#rows - this.#nulls - this.#nans;
    return {
      rows: this.#rows,
      nulls: this.#nulls,
      nans: this.#nans,
      min: this.#min,
      max: this.#max,
      mean: this.#isScale && values > 0 ? this.#sum / values : null,
      distinct: words === null ? null : words.size,
      top: words === null ? [] : topOf(words),
      spread: this.#counts === null ? null : { counts: this.#counts },
    };
  }
}

function topOf(words: ReadonlyMap<RawCell, number>): Summary['top'] {
  return [...words]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1))
    .slice(0, TOP);
}
