/** Values as text: as Python prints them (`True`, `None`, `['a', 1]`), and as JSON. */

import { Instant } from './instant.ts';
import type { Budget } from './limits.ts';
import { TEMPLATE_LIMITS } from './limits.ts';
import { Span } from './span.ts';
import { TemplateError } from './template-error.ts';
import { type Dict, describe, kindOf, ownValue, type Value, wrap } from './values.ts';

/** Throws TemplateError for what has no text of its own. */
export function textOf(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof Instant || value instanceof Span) return value.toString();
  return new Writer(budget, PYTHON).write(value);
}

/** `indent` = spaces per level, or null for one line. Dates become their ISO text. */
export function jsonOf(value: Value, budget: Budget, indent: number | null = null): string {
  return new Writer(budget, JSON_STYLE, indent).write(value);
}

interface Style {
  readonly none: string;
  readonly yes: string;
  readonly no: string;
  readonly number: (value: number) => string;
  readonly quote: (text: string) => string;
}

const PYTHON: Style = {
  none: 'None',
  yes: 'True',
  no: 'False',
  number: (value) => (Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'),
  quote: (text) => {
    const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
    const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
    return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
  },
};

const JSON_STYLE: Style = {
  none: 'null',
  yes: 'true',
  no: 'false',
  number: (value) => {
    if (Number.isFinite(value)) return String(value);
    throw new TemplateError(`${value} cannot be written as JSON.`);
  },
  quote: (text) => JSON.stringify(text),
};

/** Writes into pieces and counts them, because a small value may hold another many times. */
class Writer {
  readonly #budget: Budget;
  readonly #style: Style;
  readonly #indent: number | null;
  readonly #pieces: string[] = [];
  #chars = 0;

  constructor(budget: Budget, style: Style, indent: number | null = null) {
    this.#budget = budget;
    this.#style = style;
    this.#indent = indent;
  }

  write(value: Value): string {
    this.#value(value, 0);
    return this.#pieces.join('');
  }

  #push(piece: string): void {
    this.#chars += piece.length;
    if (this.#chars > TEMPLATE_LIMITS.textChars) this.#budget.textOf(this.#chars);
    this.#pieces.push(piece);
  }

  #value(value: Value, depth: number): void {
    this.#budget.step();
    if (depth > TEMPLATE_LIMITS.valueDepth)
      throw new TemplateError(`The value is nested deeper than ${TEMPLATE_LIMITS.valueDepth} levels, or contains itself.`);
    switch (kindOf(value)) {
      case 'none':
        this.#push(this.#style.none);
        return;
      case 'boolean':
        this.#push(value === true ? this.#style.yes : this.#style.no);
        return;
      case 'number':
        this.#push(typeof value === 'bigint' ? value.toString() : this.#style.number(value as number));
        return;
      case 'text':
        this.#push(this.#style.quote(value as string));
        return;
      case 'date':
      case 'duration':
        this.#push(this.#style.quote(String(value)));
        return;
      case 'list':
        this.#items('[', ']', value as readonly unknown[], depth, (item) => this.#value(wrap(item), depth + 1));
        return;
      case 'dict':
        this.#items('{', '}', Object.keys(value as Dict), depth, (key) => {
          this.#push(`${this.#style.quote(key)}: `);
          this.#value(ownValue(value as Dict, key) ?? null, depth + 1);
        });
        return;
      case 'namespace':
      case 'missing':
      case 'opaque':
        throw new TemplateError(`${describe(value)} has no text of its own. Name one of its parts.`);
    }
  }

  #items<T>(open: string, close: string, items: readonly T[], depth: number, write: (item: T) => void): void {
    const line = (level: number) => (this.#indent === null ? '' : `\n${' '.repeat(this.#indent * level)}`);
    this.#push(open);
    let first = true;
    for (const item of items) {
      this.#push((first ? '' : this.#indent === null ? ', ' : ',') + line(depth + 1));
      first = false;
      write(item);
    }
    this.#push((first ? '' : line(depth)) + close);
  }
}
