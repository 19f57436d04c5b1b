/** Parts of values: `a.b`, `a[b]`, `a[1:2]`, and what a loop runs over. Own properties of plain data, nothing else. */
import { Instant } from './instant.ts';
import type { Budget } from './limits.ts';
import { METHODS } from './methods.ts';
import { itemsOf } from './sequence.ts';
import { Span } from './span.ts';
import { isoWeek } from './strftime.ts';
import { TemplateError } from './template-error.ts';
import { type Dict, describe, isDict, kindOf, Missing, Namespace, ownValue, present, unknownName, type Value, wrap } from './values.ts';

/** What is not there is Missing; the caller decides whether that is an error. Throws for values without parts. */
export function partOf(object: Value, key: Value): Value {
  const holder = present(object);
  present(key);
  if (holder instanceof Namespace) return holder.get(nameOf(key));
  if (isDict(holder)) return dictItem(holder, nameOf(key));
  if (typeof key === 'string') return attribute(holder, key);
  if (typeof holder !== 'string' && !Array.isArray(holder)) throw new TemplateError(`${describe(holder)} has no parts to take with [ ].`);
  if (typeof key !== 'number' || !Number.isInteger(key))
    throw new TemplateError(`The index of ${describe(holder)} must be a whole number, not ${describe(key)}.`);
  const items = itemsOf(holder);
  const found = items.at(key);
  const inside = key < items.length && key >= -items.length;
  return inside
    ? wrap(found)
    : new Missing(
        () => new TemplateError(`There is no element ${key}: ${describe(holder)} of ${items.length} has 0 to ${items.length - 1}.`),
      );
}

function nameOf(key: Value): string {
  if (typeof key === 'string' || typeof key === 'number') return String(key);
  throw new TemplateError(`A key must be a text, not ${describe(key)}.`);
}

function dictItem(dict: Dict, key: string): Value {
  const found = ownValue(dict, key);
  if (found !== undefined) return found;
  return new Missing(() => unknownName(`There is no ${JSON.stringify(key.slice(0, 60))} here`, key, Object.keys(dict)));
}

/** Attributes of values that are neither dicts nor ours. */
function attribute(holder: Exclude<Value, Missing | Namespace>, name: string): Value {
  if (holder instanceof Instant && Object.hasOwn(INSTANT_PARTS, name)) return INSTANT_PARTS[name]?.(holder) ?? null;
  if (holder instanceof Span && Object.hasOwn(SPAN_PARTS, name)) return SPAN_PARTS[name]?.(holder) ?? null;
  const methods = METHODS[kindOf(holder)] ?? {};
  if (Object.hasOwn(methods, name)) throw new TemplateError(`.${name} is a function: call it, .${name}(…).`);
  const parts = holder instanceof Instant ? Object.keys(INSTANT_PARTS) : holder instanceof Span ? Object.keys(SPAN_PARTS) : [];
  return new Missing(() => unknownName(`${describe(holder)} has no "${name.slice(0, 60)}"`, name, [...parts, ...Object.keys(methods)]));
}

const INSTANT_PARTS: Readonly<Record<string, (instant: Instant) => Value>> = {
  year: (instant) => instant.wall.getUTCFullYear(),
  month: (instant) => instant.wall.getUTCMonth() + 1,
  day: (instant) => instant.wall.getUTCDate(),
  hour: (instant) => instant.wall.getUTCHours(),
  minute: (instant) => instant.wall.getUTCMinutes(),
  second: (instant) => instant.wall.getUTCSeconds(),
  microsecond: (instant) => instant.wall.getUTCMilliseconds() * 1_000,
  int_timestamp: (instant) => Math.floor(instant.ms / 1_000),
  day_of_week: (instant) => (instant.wall.getUTCDay() + 6) % 7,
  week_of_year: (instant) => isoWeek(instant.wall).week,
  quarter: (instant) => Math.floor(instant.wall.getUTCMonth() / 3) + 1,
  timezone_name: (instant) => instant.zone,
};

const SPAN_PARTS: Readonly<Record<string, (span: Span) => Value>> = {
  days: (span) => Math.floor(span.ms / 86_400_000),
  seconds: (span) => Math.floor((span.ms - Math.floor(span.ms / 86_400_000) * 86_400_000) / 1_000),
};

/** Python's slice of a text or a list. */
export function slice(object: Value, bounds: readonly [Value, Value, Value], budget: Budget): Value {
  const holder = present(object);
  if (typeof holder !== 'string' && !Array.isArray(holder))
    throw new TemplateError(`Only texts and lists can be sliced, not ${describe(holder)}.`);
  if (typeof holder === 'string') budget.textOf(holder.length);
  else budget.listOf(holder.length);
  const items = itemsOf(holder as string | readonly unknown[]);
  const [start, stop, step] = bounds.map(wholeOrNull);
  const stride = step ?? 1;
  if (stride === 0) throw new TemplateError('The step of a slice must not be 0.');
  const clamp = (index: number, low: number, high: number) => Math.min(Math.max(index < 0 ? index + items.length : index, low), high);
  const [low, high] = stride > 0 ? [0, items.length] : [-1, items.length - 1];
  const from = start === null || start === undefined ? (stride > 0 ? low : high) : clamp(start, low, high);
  const to = stop === null || stop === undefined ? (stride > 0 ? high : low) : clamp(stop, low, high);
  const taken: unknown[] = [];
  for (let index = from; stride > 0 ? index < to : index > to; index += stride) taken.push(items[index]);
  return typeof holder === 'string' ? taken.join('') : taken;
}

function wholeOrNull(value: Value): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new TemplateError(`The bounds of a slice must be whole numbers, not ${describe(value)}.`);
}
