/** The methods a template may call, by kind of value. What is not in these tables does not exist. */
import { asInstant, asNumber, asText, asWhole } from './arguments.ts';
import type { Instant } from './instant.ts';
import type { Budget } from './limits.ts';
import { Span } from './span.ts';
import { formatInstant } from './strftime.ts';
import { TemplateError } from './template-error.ts';
import { changeText } from './text-changes.ts';
import { type Dict, type Fn, type Kind, ownValue, type Value } from './values.ts';

/** Gets the value it is called on first, and the budget last. */
export interface Method {
  readonly params: readonly string[];
  readonly required: number;
  readonly run: (self: never, args: readonly (Value | undefined)[], budget: Budget) => unknown;
}

export type Methods = Readonly<Record<string, Method>>;

const plain = (run: (self: string) => unknown): Method => ({ params: [], required: 0, run });
const affix = (test: (self: string, part: string) => boolean): Method => ({
  params: ['text'],
  required: 1,
  run: (self: string, [part]) => (Array.isArray(part) ? part : [part]).some((one) => test(self, asText('The text', one as Value))),
});
const stripped = (side: 'both' | 'start' | 'end'): Method => ({
  params: ['chars'],
  required: 0,
  run: (self: string, [chars]) => changeText.strip(self, chars === undefined || chars === null ? null : asText('chars', chars), side),
});

const TEXT: Methods = {
  upper: plain((self) => self.toUpperCase()),
  lower: plain((self) => self.toLowerCase()),
  title: plain(changeText.title),
  capitalize: plain(changeText.capitalize),
  strip: stripped('both'),
  lstrip: stripped('start'),
  rstrip: stripped('end'),
  startswith: affix((self, part) => self.startsWith(part)),
  endswith: affix((self, part) => self.endsWith(part)),
  isdigit: plain((self) => /^\d+$/.test(self)),
  split: {
    params: ['sep', 'maxsplit'],
    required: 0,
    run: (self: string, [separator, most], budget) =>
      changeText.split(
        self,
        separator === undefined || separator === null ? null : asText('sep', separator),
        asWhole('maxsplit', most, -1),
        budget,
      ),
  },
  splitlines: plain((self) => self.replace(/\r?\n$/, '').split(/\r?\n/)),
  replace: {
    params: ['old', 'new', 'count'],
    required: 2,
    run: (self: string, [old, fresh, count], budget) =>
      changeText.replace(self, asText('old', old), asText('new', fresh), asWhole('count', count, -1), budget),
  },
  join: {
    params: ['list'],
    required: 1,
    run: (self: string, [list], budget) => changeText.join(list ?? null, self, budget),
  },
  find: { params: ['text'], required: 1, run: (self: string, [part]) => self.indexOf(asText('The text', part)) },
  count: { params: ['text'], required: 1, run: (self: string, [part]) => self.split(asText('The text', part)).length - 1 },
  zfill: {
    params: ['width'],
    required: 1,
    run: (self: string, [width], budget) => changeText.zeros(self, asWhole('width', width), budget),
  },
};

const DICT: Methods = {
  get: {
    params: ['key', 'default'],
    required: 1,
    run: (self: Dict, [key, fallback]) => ownValue(self, asText('The key', key)) ?? fallback ?? null,
  },
  keys: { params: [], required: 0, run: (self: Dict) => Object.keys(self) },
  values: { params: [], required: 0, run: (self: Dict) => Object.keys(self).map((key) => ownValue(self, key) ?? null) },
  items: { params: [], required: 0, run: (self: Dict) => Object.keys(self).map((key) => [key, ownValue(self, key) ?? null]) },
};

const UNITS = ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'microseconds'];
const shifted = (sign: number): Method => ({
  params: UNITS,
  required: 0,
  run: (self: Instant, args) =>
    self.plus(
      Object.fromEntries(UNITS.map((unit, index) => [unit, sign * asNumber(unit, args[index], 0)]).filter(([, amount]) => amount !== 0)),
    ),
});
const zoned: Method = { params: ['zone'], required: 1, run: (self: Instant, [zone]) => self.in(asText('The zone', zone)) };
const edge = (end: boolean): Method => ({
  params: ['unit'],
  required: 1,
  run: (self: Instant, [unit]) => self.edgeOf(asText('The unit', unit), end),
});
const told = (run: (self: Instant) => unknown): Method => ({ params: [], required: 0, run });

const DATE: Methods = {
  isoformat: {
    params: ['sep'],
    required: 0,
    run: (self: Instant, [separator]) => self.toString(asText('sep', separator, 'T').slice(0, 1)),
  },
  strftime: { params: ['format'], required: 1, run: (self: Instant, [format]) => formatInstant(self, asText('The format', format)) },
  date: told((self) => self.date()),
  timestamp: told((self) => self.ms / 1_000),
  weekday: told((self) => (self.wall.getUTCDay() + 6) % 7),
  isoweekday: told((self) => self.wall.getUTCDay() || 7),
  to_date_string: told((self) => self.date().toString()),
  to_iso8601_string: told((self) => self.toString().replace(/\+00:00$/, 'Z')),
  add: shifted(1),
  subtract: shifted(-1),
  in_timezone: zoned,
  in_tz: zoned,
  astimezone: zoned,
  start_of: edge(false),
  end_of: edge(true),
  diff: {
    params: ['other'],
    required: 1,
    run: (self: Instant, [other]) => new Span(Math.abs(asInstant('The other date', other).ms - self.ms)),
  },
  format: {
    params: ['format', 'locale'],
    required: 0,
    run: () => {
      throw new TemplateError('Use .strftime("%Y-%m-%d") instead of .format(…).');
    },
  },
};

const DURATION: Methods = { total_seconds: { params: [], required: 0, run: (self: Span) => self.ms / 1_000 } };

export const METHODS: Readonly<Partial<Record<Kind, Methods>>> = { text: TEXT, dict: DICT, date: DATE, duration: DURATION };

/** A method as a function whose first parameter is the value. */
export function asFunction(method: Method, budget: Budget): Fn {
  return {
    params: ['self', ...method.params],
    required: method.required + 1,
    run: (self, ...args) => method.run(self as never, args, budget),
  };
}
