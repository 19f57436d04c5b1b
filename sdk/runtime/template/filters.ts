/** The filters: `value | name(arguments)`. */

import { partOf } from './access.ts';
import { asNumber, asText, asWhole } from './arguments.ts';
import { equal, order } from './compare.ts';
import { DATE_FILTERS } from './date-filters.ts';
import type { Budget } from './limits.ts';
import { iterate } from './sequence.ts';
import { jsonOf, textOf } from './show.ts';
import { TemplateError } from './template-error.ts';
import { changeText } from './text-changes.ts';
import { type Dict, describe, isDict, Missing, ownValue, present, truthy, type Value, wrap } from './values.ts';

export interface Filter {
  /** Behind the filtered value. */
  readonly params: readonly string[];
  readonly required: number;
  /** Gets Missing, too; for the others it is an error. */
  readonly seesMissing?: true;
  /** Takes any number of arguments by position. */
  readonly rest?: boolean;
  readonly run: (value: Value, args: readonly (Value | undefined)[], budget: Budget) => unknown;
}

type Run = Filter['run'];
const simple = (run: Run): Filter => ({ params: [], required: 0, run });
const text = (run: (value: string, budget: Budget) => unknown): Filter =>
  simple((value, _args, budget) => run(textOf(value, budget), budget));
const refused = (reason: string): Filter => ({
  params: ['a', 'b'],
  required: 0,
  seesMissing: true,
  run: () => {
    throw new TemplateError(reason);
  },
});
const NOT_HTML = 'Templates make plain text, so nothing is escaped as HTML. Remove the filter.';

const length = simple((value, _args, budget) => iterate(value, budget).length);
const fallback: Filter = {
  params: ['default_value', 'boolean'],
  required: 0,
  seesMissing: true,
  run: (value, [other = '', boolean = false]) => {
    if (value instanceof Missing) return other;
    return truthy(boolean) && !truthy(value) ? other : value;
  },
};

const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  upper: text((value) => value.toUpperCase()),
  lower: text((value) => value.toLowerCase()),
  title: text((value) => changeText.titleWords(value)),
  capitalize: text((value) => changeText.capitalize(value)),
  string: text((value) => value),
  wordcount: text((value) => value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  urlencode: text((value) => encodeURIComponent(value.toWellFormed()).replaceAll('%2F', '/')),
  trim: {
    params: ['chars'],
    required: 0,
    run: (value, [chars], budget) =>
      changeText.strip(textOf(value, budget), chars === undefined || chars === null ? null : asText('chars', chars), 'both'),
  },
  replace: {
    params: ['old', 'new', 'count'],
    required: 2,
    run: (value, [old, fresh, count], budget) =>
      changeText.replace(textOf(value, budget), asText('old', old), asText('new', fresh), asWhole('count', count ?? undefined, -1), budget),
  },
  indent: {
    params: ['width', 'first', 'blank'],
    required: 0,
    run: (value, [width, first = false, blank = false], budget) => {
      const lines = textOf(value, budget).split('\n');
      const spaces = Math.max(0, asWhole('width', width, 4));
      budget.textOf(lines.length * spaces);
      const indented = (line: string, index: number) => (index > 0 || truthy(first)) && (line !== '' || truthy(blank));
      return lines.map((line, index) => (indented(line, index) ? ' '.repeat(spaces) + line : line)).join('\n');
    },
  },
  truncate: {
    params: ['length', 'killwords', 'end', 'leeway'],
    required: 0,
    run: (value, [most, killWords = false, end, leeway], budget) => {
      const whole = textOf(value, budget);
      const chars = Math.max(0, asWhole('length', most, 255));
      const mark = asText('end', end, '...');
      if (whole.length <= chars + asWhole('leeway', leeway, 5)) return whole;
      const cut = whole.slice(0, Math.max(0, chars - mark.length));
      const word = truthy(killWords) ? -1 : cut.lastIndexOf(' ');
      return (word < 0 ? cut : cut.slice(0, word)) + mark;
    },
  },
  tojson: {
    params: ['indent'],
    required: 0,
    run: (value, [indent], budget) =>
      jsonOf(value, budget, indent === undefined || indent === null ? null : Math.min(Math.max(asWhole('indent', indent), 0), 20)),
  },
};

const NUMBER_FILTERS: Readonly<Record<string, Filter>> = {
  abs: simple((value) => Math.abs(asNumber('The value', value))),
  int: { params: ['default', 'base'], required: 0, run: (value, [other = 0, base]) => toNumber(value, other, asWhole('base', base, 10)) },
  float: { params: ['default'], required: 0, run: (value, [other = 0]) => toNumber(value, other, null) },
  round: {
    params: ['precision', 'method'],
    required: 0,
    run: (value, [precision, method]) => {
      const how = asText('method', method, 'common');
      if (!Object.hasOwn(ROUNDINGS, how)) throw new TemplateError(`round knows the methods ${Object.keys(ROUNDINGS).join(', ')}.`);
      const digits = Math.min(Math.max(asWhole('precision', precision, 0), 0), 15);
      const number = asNumber('The rounded value', value);
      // 2.675 is a little less than that; multiplied, it no longer is.
      if (how === 'common' && digits > 0) return Number(number.toFixed(digits));
      const scale = 10 ** digits;
      const scaled = number * scale;
      const rounded = (ROUNDINGS[how] as (number: number) => number)(scaled) / scale;
      return Number.isFinite(rounded) ? rounded : value;
    },
  },
};

/** "common" is Python's: halves go to the even neighbour. */
const ROUNDINGS: Readonly<Record<string, (number: number) => number>> = {
  common: (number) => {
    const floor = Math.floor(number);
    return number - floor === 0.5 ? floor + (Math.abs(floor) % 2) : Math.round(number);
  },
  ceil: Math.ceil,
  floor: Math.floor,
};

/** `base` = null keeps the fraction. What is no number becomes `other`, as in Jinja. */
function toNumber(value: Value, other: Value, base: number | null): Value {
  if (typeof value === 'number') return base === null ? value : Math.trunc(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return other;
  if (base !== null && base !== 10) {
    const parsed = base >= 2 && base <= 36 ? Number.parseInt(value.trim(), base) : Number.NaN;
    return Number.isNaN(parsed) ? other : parsed;
  }
  const parsed = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
  return Number.isFinite(parsed) ? (base === null ? parsed : Math.trunc(parsed)) : other;
}

const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  length,
  count: length,
  first: simple((value, _args, budget) => elementAt(iterate(value, budget), 0, 'first')),
  last: simple((value, _args, budget) => elementAt(iterate(value, budget), -1, 'last')),
  list: simple((value, _args, budget) => [...iterate(value, budget)]),
  items: simple((value) => entriesOf(value, 'items')),
  dictsort: simple((value, _args, budget) => sorted(entriesOf(value, 'dictsort'), false, budget)),
  reverse: simple((value, _args, budget) => {
    const reversed = [...iterate(value, budget)].reverse();
    return typeof value === 'string' ? reversed.join('') : reversed;
  }),
  join: {
    params: ['d', 'attribute'],
    required: 0,
    run: (value, [separator, attribute], budget) =>
      changeText.join(
        attribute === undefined ? value : attributeOfEach(value, attribute, budget),
        asText('The separator', separator, ''),
        budget,
      ),
  },
  sort: {
    params: ['reverse', 'case_sensitive', 'attribute'],
    required: 0,
    run: (value, [reverse = false, caseSensitive = false, attribute], budget) => {
      const key = (item: unknown): Value => {
        const part = attribute === undefined ? wrap(item) : present(partOf(wrap(item), attribute));
        return typeof part === 'string' && !truthy(caseSensitive) ? part.toLowerCase() : part;
      };
      const keyed = iterate(value, budget).map((item) => [key(item), item] as const);
      const sign = truthy(reverse) ? -1 : 1;
      return keyed.sort(([a], [b]) => sign * order(a, b, budget)).map(([, item]) => item);
    },
  },
  unique: simple((value, _args, budget) => {
    const kept: unknown[] = [];
    for (const item of iterate(value, budget)) if (!kept.some((one) => equalIgnoringCase(wrap(one), wrap(item), budget))) kept.push(item);
    return kept;
  }),
  sum: {
    params: ['attribute', 'start'],
    required: 0,
    run: (value, [attribute, start], budget) => {
      const items = attribute === undefined || attribute === null ? iterate(value, budget) : attributeOfEach(value, attribute, budget);
      return items.reduce<number>((sum, item) => sum + asNumber('Each element', wrap(item)), asNumber('start', start, 0));
    },
  },
  min: simple((value, _args, budget) => elementAt(sorted(iterate(value, budget), false, budget), 0, 'min')),
  max: simple((value, _args, budget) => elementAt(sorted(iterate(value, budget), true, budget), 0, 'max')),
  batch: {
    params: ['linecount'],
    required: 1,
    run: (value, [count], budget) => {
      const size = Math.max(1, asWhole('linecount', count));
      const items = iterate(value, budget);
      return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
    },
  },
  map: {
    params: ['filter', 'attribute'],
    required: 0,
    run: (value, [filter, attribute], budget) => {
      if (attribute !== undefined) return attributeOfEach(value, attribute, budget);
      const name = asText('The filter', filter);
      const found = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
      if (found === undefined || found.required > 0)
        throw new TemplateError(
          `map takes attribute="…" or the name of a filter without arguments, not ${JSON.stringify(name.slice(0, 40))}.`,
        );
      return iterate(value, budget).map((item) => found.run(present(wrap(item)), [], budget));
    },
  },
};

function elementAt(items: readonly unknown[], index: number, filter: string): unknown {
  if (items.length > 0) return items.at(index);
  return new Missing(() => new TemplateError(`There is no element for ${filter}: the list is empty.`));
}

function entriesOf(value: Value, filter: string): unknown[][] {
  if (!isDict(present(value))) throw new TemplateError(`${filter} takes a dict, not ${describe(value)}.`);
  return Object.keys(value as Dict).map((key) => [key, ownValue(value as Dict, key) ?? null]);
}

function attributeOfEach(value: Value, attribute: Value, budget: Budget): Value[] {
  const path = typeof attribute === 'string' ? attribute.split('.') : [attribute];
  return iterate(value, budget).map((item) => path.reduce<Value>((part, key) => present(partOf(part, key)), wrap(item)));
}

function sorted(items: readonly unknown[], down: boolean, budget: Budget): unknown[] {
  return [...items].sort((a, b) => (down ? -1 : 1) * order(wrap(a), wrap(b), budget));
}

function equalIgnoringCase(a: Value, b: Value, budget: Budget): boolean {
  return typeof a === 'string' && typeof b === 'string' ? a.toLowerCase() === b.toLowerCase() : equal(a, b, budget);
}

export const FILTERS: Readonly<Record<string, Filter>> = {
  default: fallback,
  d: fallback,
  ...TEXT_FILTERS,
  ...NUMBER_FILTERS,
  ...LIST_FILTERS,
  ...DATE_FILTERS,
  safe: refused(`"safe" is not available. ${NOT_HTML}`),
  escape: refused(`"escape" is not available. ${NOT_HTML}`),
  e: refused(`"e" is not available. ${NOT_HTML}`),
  forceescape: refused(`"forceescape" is not available. ${NOT_HTML}`),
};
