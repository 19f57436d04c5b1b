/**
 * Proposes types for the columns of a file. It is a tool for writing a DAG, not a reader: what it proposes is read and
 * pasted by a person (`code`), or logged by the task that uses it. A later cell that does not fit fails, and is named.
 */
import type { CsvType, CsvTypes } from './csv-types.ts';

export interface InferredTypes {
  readonly types: CsvTypes;
  /** Rows looked at. */
  readonly rows: number;
  /** False: there were more. */
  readonly isWholeFile: boolean;
  /** Columns without a single value in these rows: text, for want of anything better. */
  readonly empty: readonly string[];
  /** The types as TypeScript, to be pasted. */
  readonly code: string;
}

/** From the narrowest; a column gets the first that fits every value. Zero-led digits ("02134") are text: zip codes. */
const CANDIDATES: readonly (readonly [CsvType, RegExp])[] = [
  ['int64', /^-?(0|[1-9]\d{0,17})$/],
  ['float64', /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$|^NaN$|^-?inf$/],
  ['bool', /^(true|false)$/i],
  ['date', /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/],
  ['timestamp', /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?)?$/],
];

/** Collects values column by column and says what they all are. */
export class TypeInference {
  readonly #open = new Map<string, Set<CsvType>>();
  readonly #seen = new Set<string>();
  rows = 0;

  column(name: string): void {
    if (!this.#open.has(name)) this.#open.set(name, new Set(CANDIDATES.map(([type]) => type)));
  }

  /** `kinds`: the types that the value may be by itself, where the format says more than the text. */
  add(name: string, text: string, kinds?: readonly CsvType[]): void {
    this.column(name);
    this.#seen.add(name);
    const open = this.#open.get(name) as Set<CsvType>;
    for (const [type, pattern] of CANDIDATES) {
      if (open.has(type) && !((kinds?.includes(type) ?? true) && pattern.test(text))) open.delete(type);
    }
  }

  result(isWholeFile: boolean): InferredTypes {
    const types: Record<string, CsvType> = {};
    for (const [name, open] of this.#open)
      types[name] = this.#seen.has(name) ? (CANDIDATES.find(([type]) => open.has(type))?.[0] ?? 'text') : 'text';
    const lines = Object.entries(types).map(
      ([name, type]) => `  ${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: '${type}',`,
    );
    const code = `{\n${lines.join('\n')}\n}`;
    return { types, rows: this.rows, isWholeFile, empty: [...this.#open.keys()].filter((name) => !this.#seen.has(name)), code };
  }
}
